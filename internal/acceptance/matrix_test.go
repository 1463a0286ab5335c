package acceptance

import (
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

var casesRun atomic.Int64 //nolint:gochecknoglobals // counts the cases of one test process, for its last line

// scenario is a state of account and namespace from which up has something to do.
type scenario struct {
	name    string
	prepare func(t *testing.T, w *world) (foreign []string) // returns keys that are none of ours
}

func scenarios() []scenario {
	return []scenario{
		{name: "fresh", prepare: func(*testing.T, *world) []string { return nil }},
		{name: "secrets lost beside a foreign key", prepare: loseSecrets},
	}
}

// loseSecrets leaves a converged namespace without its Secrets, and a key of somebody else on the user: both of the
// user's slots are taken.
func loseSecrets(t *testing.T, w *world) []string {
	t.Helper()
	w.mustUp(t)
	for _, name := range w.settings.KeySecretNames() {
		check(t, "delete Secret", w.kube.CoreV1().Secrets(w.namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	id, err := w.aws.AddKey(w.settings.UserName)
	check(t, "add foreign key", err)
	w.aws.ResetCalls()
	w.proxy.ResetCalls()
	return []string{id}
}

// way is how one call goes wrong.
type way struct {
	name string
	aws  awsfake.Kind
	kube kubeproxy.Kind
	kill bool
}

func awsWays() []way {
	return []way{
		{name: "throttled", aws: awsfake.Throttling},
		{name: "5xx", aws: awsfake.ServerError},
		{name: "denied", aws: awsfake.AccessDenied},
		{name: "conflict", aws: awsfake.ConcurrentModification},
		{name: "timeout", aws: awsfake.Timeout},
		{name: "reset", aws: awsfake.ResetBefore},
		{name: "reply lost", aws: awsfake.LostReply},
		{name: "reply lost as 5xx", aws: awsfake.LostReply5xx},
		{name: "killed before", aws: awsfake.KillBefore, kill: true},
		{name: "killed after", aws: awsfake.KillAfter, kill: true},
	}
}

func kubeWays() []way {
	return []way{
		{name: "throttled", kube: kubeproxy.Throttling},
		{name: "5xx", kube: kubeproxy.ServerError},
		{name: "unavailable", kube: kubeproxy.Unavailable},
		{name: "forbidden", kube: kubeproxy.Forbidden},
		{name: "conflict", kube: kubeproxy.Conflict},
		{name: "timeout", kube: kubeproxy.Timeout},
		{name: "reset", kube: kubeproxy.ResetBefore},
		{name: "reply lost", kube: kubeproxy.LostReply},
		{name: "killed before", kube: kubeproxy.KillBefore, kill: true},
		{name: "killed after", kube: kubeproxy.KillAfter, kill: true},
	}
}

// TestEveryCallOfUpMayGoWrong is the promise: whatever happens at whatever call, the next up ends with exactly one live
// key of ours, equal to what the Secrets hold, no other key touched, and nothing left to do.
func TestEveryCallOfUpMayGoWrong(t *testing.T) {
	t.Parallel()
	sb := anySandbox(t)
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			awsCalls, kubeCalls := recordCalls(t, sb, s)
			for i, c := range awsCalls {
				for _, way := range chosen(awsWays(), i) {
					t.Run(c.Name()+" "+way.name, func(t *testing.T) {
						t.Parallel()
						w, foreign := prepared(t, sb, s)
						w.goWrongAtAWS(t, c, way)
						w.mustRecover(t, foreign)
					})
				}
			}
			for i, c := range kubeCalls {
				for _, way := range chosen(kubeWays(), i) {
					t.Run(c.Name()+" "+way.name, func(t *testing.T) {
						t.Parallel()
						w, foreign := prepared(t, sb, s)
						w.goWrongAtKube(t, in(w.namespace, c), way)
						w.mustRecover(t, foreign)
					})
				}
			}
		})
	}
}

func fullMatrix() bool { return os.Getenv(envMatrix) == "full" }

// chosen is every way in the full matrix, else one that is another for each call.
func chosen(ways []way, i int) []way {
	if fullMatrix() {
		return ways
	}
	return ways[i%len(ways) : i%len(ways)+1]
}

func prepared(t *testing.T, sb *sandbox, s scenario) (*world, []string) {
	t.Helper()
	w := newWorld(t, sb)
	return w, s.prepare(t, w)
}

// recordCalls runs up once, undisturbed, to learn its calls. The namespace's name is taken out, as each case has its own.
func recordCalls(t *testing.T, sb *sandbox, s scenario) ([]awsfake.Call, []kubeproxy.Call) {
	t.Helper()
	w, _ := prepared(t, sb, s)
	w.mustUp(t)
	kubeCalls := slices.DeleteFunc(w.proxy.Calls(), func(c kubeproxy.Call) bool { return c.Verb == "watch" })
	for i := range kubeCalls {
		kubeCalls[i].Object = strings.ReplaceAll(kubeCalls[i].Object, w.namespace, "NAMESPACE")
	}
	return w.aws.Calls(), kubeCalls
}

// in puts a recorded call into the namespace of a case.
func in(namespace string, c kubeproxy.Call) kubeproxy.Call {
	c.Object = strings.ReplaceAll(c.Object, "NAMESPACE", namespace)
	return c
}

func (w *world) goWrongAtAWS(t *testing.T, c awsfake.Call, way way) {
	t.Helper()
	casesRun.Add(1)
	if !way.kill {
		defer w.aws.FaultAt(c, way.aws, nil)()
		_, _ = w.up(t.Context())
		if !slices.ContainsFunc(w.aws.Calls(), func(made awsfake.Call) bool { return made.Name() == c.Name() }) {
			t.Errorf("%s was never called, so that nothing went wrong", c.Name())
		}
		return
	}
	p := w.command(t, "up")
	remove := w.aws.FaultAt(c, way.aws, func(awsfake.Phase, awsfake.Call) { _ = p.cmd.Process.Kill() })
	defer remove()
	w.mustDie(t, p, c.Name())
}

func (w *world) goWrongAtKube(t *testing.T, c kubeproxy.Call, way way) {
	t.Helper()
	casesRun.Add(1)
	if !way.kill {
		defer w.proxy.Fault(kubeproxy.At(c, way.kube, nil))()
		_, _ = w.up(t.Context())
		if !slices.ContainsFunc(w.proxy.Calls(), func(made kubeproxy.Call) bool { return made.Name() == c.Name() }) {
			t.Errorf("%s was never called, so that nothing went wrong", c.Name())
		}
		return
	}
	p := w.command(t, "up")
	defer w.proxy.Fault(kubeproxy.At(c, way.kube, func(kubeproxy.Call) { _ = p.cmd.Process.Kill() }))()
	w.mustDie(t, p, c.Name())
}

func (w *world) mustDie(t *testing.T, p *process, at string) {
	t.Helper()
	if code := w.run(t, p); code != -1 {
		t.Fatalf("the process was to be killed at %s and ended with %d:\n%s", at, code, p.stderr.String())
	}
}

// mustRecover is one clean up and then nothing to do.
func (w *world) mustRecover(t *testing.T, foreign []string) {
	t.Helper()
	result, err := w.up(t.Context())
	if err != nil {
		t.Fatalf("the up afterwards: %v\n%s\nlog:\n%s", err, problems(result), tail(w.output.String()))
	}
	w.liveKeyBeside(t, foreign...)
	w.mustBeConverged(t)
}

func tail(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
