package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

// The faults of the bash script that this tool replaces, one test each: its behaviour fails the test.

// Fault 1: its default name external_secrets_user-secret is not a legal one.
func TestDefaultSecretNamesAreLegal(t *testing.T) {
	t.Parallel()
	for _, name := range (bootstrap.Settings{UserName: bootstrap.DefaultUserName}).KeySecretNames() {
		if why := validation.IsDNS1123Subdomain(name); len(why) > 0 {
			t.Errorf("Secret name %q: %v", name, why)
		}
	}
}

// Fault 2: the key is minted, the Secret refused, and the key's only copy deleted; exit code 0.
func TestKeyThatCannotBeStoredIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	for _, kind := range []kubeproxy.Kind{kubeproxy.Forbidden, kubeproxy.ServerError, kubeproxy.Conflict} {
		w := newWorld(t, anySandbox(t))
		for _, name := range w.settings.KeySecretNames() {
			w.proxy.Fault(kubeproxy.Fault{Verb: "create", Resource: "secrets", Object: w.namespace + "/" + name, Kind: kind})
		}
		result, err := w.up(t.Context())
		if err == nil || len(result.Errors) == 0 {
			t.Fatalf("up succeeded although no Secret could be written: %v\n%s\n%v", kind, changes(result), w.proxy.Writes())
		}
		if keys := w.aws.Keys(w.settings.UserName); len(keys) != 0 {
			t.Errorf("keys are left behind: %v\n%s", keys, problems(result))
		}
	}
}

// IAM says of a key that was just made that there is no such key, and then it is there after all.
func TestKeyThatCannotBeStoredIsNotLeftBehindWhileIAMLags(t *testing.T) {
	t.Parallel()
	const lag = 500 * time.Millisecond
	w := newWorld(t, anySandbox(t), awsfake.WithVisibilityDelay(lag, false, awsfake.Keys, awsfake.Tags, awsfake.Entities))
	w.settings.Timing.Settle = 2 * lag
	w.proxy.Fault(kubeproxy.Fault{Verb: "create", Resource: "secrets", Kind: kubeproxy.Forbidden})
	if _, err := w.up(t.Context()); err == nil {
		t.Fatal("up succeeded although no Secret could be written")
	}
	if keys := w.aws.Keys(w.settings.UserName); len(keys) != 0 {
		t.Errorf("keys are left behind: %v\n%s", keys, w.output.String())
	}
	poll(t, "an account that shows all that was written", w.aws.Settled)
	for what, state := range w.aws.Snapshot() {
		if strings.Contains(state, "gen3-bootstrap/minting") {
			t.Errorf("%s still announces a mint: %s", what, state)
		}
	}
}

// Fault 2, before: what can be known beforehand is known before a key is made.
func TestKeyIsNotMintedWhereItsSecretWouldBeRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.proxy.Fault(kubeproxy.Fault{Verb: "create (dry run)", Resource: "secrets", Kind: kubeproxy.Forbidden})
	if _, err := w.up(t.Context()); err == nil {
		t.Fatal("up succeeded")
	}
	for _, c := range w.aws.Calls() {
		if c.Action == "CreateAccessKey" {
			t.Error("a key was minted although the dry run of its Secret was refused")
		}
	}
}

// Faults 3 and 4: a second run mints a second key that nobody stores, a third one hits the quota, and no step can be
// run twice.
func TestRunsMayBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.mustUp(t)
	first := w.liveKey(t)
	for range 3 {
		w.mustBeConverged(t)
	}
	if again := w.liveKey(t); again != first {
		t.Errorf("the key changed from %s to %s", first, again)
	}
}

// Fault 5: the key lies on disk in the working directory and stands on kubectl's command line.
func TestKeyIsNeverOnDiskOrInArguments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	p := w.command(t, "up", "-o", "json")
	dir := t.TempDir()
	p.cmd.Dir = dir
	during := &output{}
	w.aws.OnCall(func(awsfake.Phase, awsfake.Call) { fmt.Fprint(during, strings.Join(everyFile(dir), "\n")) })
	if code := w.run(t, p); code != 0 {
		t.Fatalf("up ended with %d: %s", code, p.stderr.String())
	}
	if during.String() != "" || len(everyFile(dir)) > 0 {
		t.Errorf("up wrote files: %s", during)
	}
	w.liveKey(t)
	w.searchForSecrets(t)
}

func everyFile(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			out = append(out, path)
		}
		return nil
	})
	return out
}

// Fault 6: the Secret goes to the context's namespace, whatever is meant. Fault 7: under a name that no chart reads.
func TestSecretIsWhereTheChartReadsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.settings.Kubeconfig = w.proxy.Kubeconfig(t, "default") // the context says another namespace than -n
	w.mustUp(t)
	w.liveKey(t)
	if w.secret(t, "gen3-aws-config").Type != corev1.SecretTypeOpaque {
		t.Error("Secret gen3-aws-config is not Opaque")
	}
	elsewhere, err := w.kube.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=gen3-bootstrap"})
	check(t, "list Secrets", err)
	if len(elsewhere.Items) > 0 {
		t.Errorf("up wrote %d Secrets to the context's namespace", len(elsewhere.Items))
	}
}

// Fault 9: the policy's ARN is looked for in the whole account.
func TestNothingIsFoundByListingTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	for i := range 5 {
		_, err := w.aws.AddPolicy("other-"+string(rune('a'+i)), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`, nil)
		check(t, "add policy", err)
	}
	w.mustUp(t)
	w.mustUp(t)
	for _, c := range w.aws.Calls() {
		if slices.Contains([]string{"ListPolicies", "ListUsers", "ListRoles", "ListSecrets", "ListOpenIDConnectProviders"}, c.Action) {
			t.Errorf("up called %s", c.Name())
		}
	}
}

// The missing account check.
func TestWrongAccountIsRefusedBeforeAnyWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.settings.Account = "210987654321"
	result, err := w.up(t.Context())
	if err == nil || !hasProblem(result, "123456789012") || !hasProblem(result, "210987654321") {
		t.Fatalf("error %v:\n%s", err, problems(result))
	}
	if len(w.aws.Writes()) > 0 || len(w.proxy.Writes()) > 0 {
		t.Errorf("it wrote: %v %v", w.aws.Writes(), w.proxy.Writes())
	}
}

// In the mode for operators who keep a user themselves, the account's IAM is left alone.
func TestGlobalUserTouchesNoIAM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.settings.UseGlobalUser = true
	result := w.mustUp(t)
	for _, c := range w.aws.Calls() {
		if c.Action != "GetCallerIdentity" {
			t.Errorf("up called %s", c.Name())
		}
	}
	if !strings.Contains(strings.Join(bootstrap.Messages(result.Warnings), "\n"), "gen3-aws-config") {
		t.Errorf("no warning says what the chart looks for: %v", result.Warnings)
	}
	w.mustBeConverged(t)
}
