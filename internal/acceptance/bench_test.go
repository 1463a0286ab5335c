package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

// envBench "1" runs TestTimings, which asserts nothing: timings are for reading.
const envBench = "GEN3_TEST_BENCH"

// timing is what one command line took.
type timing struct {
	wall time.Duration
	peak int64 // KiB of resident memory, of the largest process
}

func (a timing) and(b timing) timing { return timing{a.wall + b.wall, max(a.peak, b.peak)} }

// TestTimings sets gen3-bootstrap beside the commands that it replaces, in one run on one machine, without and with
// latency. Nobody waits for pods: that is the same for all.
func TestTimings(t *testing.T) {
	if os.Getenv(envBench) != "1" {
		t.Skip("timings are for `make bench`")
	}
	sb := ownSandbox(t)
	out := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(out, "latency\twork\tgen3-bootstrap\tMB\tcommands\tMB\tratio")
	for _, latency := range []time.Duration{0, 50 * time.Millisecond} {
		ours, theirs := timeOurs(t, sb, latency), timeCommands(t, sb, latency)
		for i, work := range []string{"fresh", "again"} {
			_, _ = fmt.Fprintf(out, "%s\t%s\t%.2f s\t%d", latency, work, ours[i].wall.Seconds(), ours[i].peak/1024)
			if theirs != nil {
				_, _ = fmt.Fprintf(out, "\t%.2f s\t%d\t%.2f", theirs[i].wall.Seconds(), theirs[i].peak/1024, ours[i].wall.Seconds()/theirs[i].wall.Seconds())
			}
			_, _ = fmt.Fprintln(out)
		}
	}
	check(t, "print", out.Flush())
	if !haveCommands() {
		t.Log("aws, helm and kubectl are not all on PATH, so there is nothing to compare with")
	}
}

func timedWorld(t *testing.T, sb *sandbox, latency time.Duration) *world {
	t.Helper()
	w := newWorldOn(t, sb, awsfake.Start(t, awsfake.WithLatency(latency)))
	w.forgetCRDs(t)
	w.settings.SkipHelm, w.settings.Timing.Request = false, time.Minute
	w.proxy.OnCall(func(phase kubeproxy.Phase, _ kubeproxy.Call) {
		if phase == kubeproxy.Before {
			<-time.After(latency)
		}
	})
	return w
}

func timeOurs(t *testing.T, sb *sandbox, latency time.Duration) (both [2]timing) {
	t.Helper()
	w := timedWorld(t, sb, latency)
	for i := range both {
		p := w.command(t, "up", "--no-wait")
		begun := time.Now()
		if code := w.run(t, p); code != 0 {
			t.Fatalf("up ended with %d: %s", code, p.stderr.String())
		}
		both[i] = timing{time.Since(begun), peakOf(p.cmd)}
	}
	w.options.Force, w.options.DeleteCRDs = true, true
	if _, err := w.do(t.Context(), "teardown"); err != nil {
		t.Fatal(err)
	}
	return both
}

func haveCommands() bool {
	for _, name := range []string{"aws", "helm", "kubectl"} {
		if _, err := exec.LookPath(name); err != nil {
			return false
		}
	}
	return true
}

// timeCommands does the same work with the tools that operators have, first from nothing, and then as a script that looks
// before it writes. It is nil where the tools are not there.
func timeCommands(t *testing.T, sb *sandbox, latency time.Duration) []timing {
	t.Helper()
	if !haveCommands() {
		return nil
	}
	w := timedWorld(t, sb, latency)
	const policy = "arn:aws:iam::" + account + ":policy/external_secrets_policy"
	helm := "helm upgrade --install external-secrets external-secrets --repo " + w.settings.Helm.Repo + " --version 0.16.2 -n external-secrets --create-namespace"
	fresh := []string{
		helm,
		"aws iam create-policy --policy-name external_secrets_policy --policy-document " + strings.ReplaceAll(scriptPolicy, " ", ""),
		"aws iam create-user --user-name external_secrets_user",
		"aws iam attach-user-policy --user-name external_secrets_user --policy-arn " + policy,
		"aws iam create-access-key --user-name external_secrets_user",
		"kubectl create secret generic external-secrets-user-secret -n " + w.namespace + " --from-literal=access-key=a --from-literal=secret-access-key=b",
		"kubectl create secret generic gen3-aws-config -n " + w.namespace + " --from-literal=access-key=a --from-literal=secret-access-key=b",
	}
	again := []string{
		helm,
		"aws iam get-policy --policy-arn " + policy,
		"aws iam get-user --user-name external_secrets_user",
		"aws iam list-attached-user-policies --user-name external_secrets_user",
		"aws iam list-access-keys --user-name external_secrets_user",
		"kubectl get secret external-secrets-user-secret gen3-aws-config -n " + w.namespace,
	}
	times := []timing{w.timeAll(t, fresh), w.timeAll(t, again)}
	w.timeAll(t, []string{"helm uninstall external-secrets -n external-secrets", "kubectl delete namespace external-secrets"})
	return times
}

func (w *world) timeAll(t *testing.T, lines []string) (sum timing) {
	t.Helper()
	home := t.TempDir()
	for _, line := range lines {
		words := strings.Fields(line)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+w.settings.Kubeconfig, "AWS_ENDPOINT_URL="+w.aws.URL(), "AWS_DEFAULT_REGION="+region, "AWS_PAGER=", "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home,
			"AWS_ACCESS_KEY_ID="+awsfake.AdminKeyID, "AWS_SECRET_ACCESS_KEY="+awsfake.AdminSecret, "AWS_EC2_METADATA_DISABLED=true")
		begun := time.Now()
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, text)
		}
		sum = sum.and(timing{time.Since(begun), peakOf(cmd)})
	}
	return sum
}

// peakOf is the peak of an ended process in KiB, as Linux counts it.
func peakOf(cmd *exec.Cmd) int64 {
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss
	}
	return 0
}
