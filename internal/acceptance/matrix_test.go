package acceptance

import (
	"cmp"
	"errors"
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

// scenario is a command, and a state of account and namespace in which it has something to do.
type scenario struct {
	name    string
	command string                                               // up, rotate, teardown or one that writes to Secrets Manager
	next    string                                               // the command that recovers; "" the same
	prepare func(t *testing.T, w *world) (foreign []string)      // returns keys that are none of ours
	ended   func(t *testing.T, w *world, foreign []string) error // whether the command's end is reached
}

func scenarios() []scenario {
	return slices.Concat(iamScenarios(), generateScenarios())
}

func iamScenarios() []scenario {
	return []scenario{
		{name: "fresh", command: "up", prepare: func(*testing.T, *world) []string { return nil }, ended: hasLiveKey},
		{name: "secrets lost beside a foreign key", command: "up", prepare: loseSecrets, ended: hasLiveKey},
		{name: "with a role", command: "up", prepare: wantRole, ended: func(*testing.T, *world, []string) error { return nil }},
		{name: "a rotation", command: "rotate", prepare: convergeWithCopy, ended: hasRotated},
		{name: "a rotation that up ends", command: "rotate", next: "up", prepare: convergeWithCopy, ended: hasRotated},
		{name: "a push", command: pushCommand, prepare: madeByChart, ended: isPushed},
		{name: "a push over what is there", command: pushCommand, prepare: madeByChartBesideOthers, ended: isPushed},
		{name: "all goes", command: "teardown", prepare: converge, ended: nothingIsLeft},
		{name: "all goes but the other owner's", command: "teardown", prepare: convergeBesideAnother, ended: otherIsLeft},
		{name: "the role goes", command: "teardown", prepare: convergeRole, ended: nothingIsLeft},
	}
}

func hasLiveKey(t *testing.T, w *world, foreign []string) error {
	t.Helper()
	w.liveKeyBeside(t, foreign...)
	return nil
}

func wantRole(_ *testing.T, w *world) []string {
	w.settings.IRSA, w.settings.CreateOIDCProvider = true, true
	w.settings.RoleName = "external-secrets" // the computed one would be another in each case's namespace
	return nil
}

func converge(t *testing.T, w *world) []string {
	t.Helper()
	w.mustUp(t)
	w.forgetCalls()
	return nil
}

func convergeRole(t *testing.T, w *world) []string {
	t.Helper()
	wantRole(t, w)
	w.options.DeleteProvider = true
	return converge(t, w)
}

// convergeBesideAnother has another namespace on the same user and policy.
func convergeBesideAnother(t *testing.T, w *world) []string {
	t.Helper()
	other := newWorldOn(t, w.sandbox, w.aws)
	foreign := []string{other.mustUp(t).Outputs.AccessKeyID}
	w.mustUp(t)
	w.forgetCalls()
	return foreign
}

func (w *world) forgetCalls() {
	w.aws.ResetCalls()
	w.proxy.ResetCalls()
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
	w.forgetCalls()
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

// TestEveryCallMayGoWrong is the promise: whatever happens at whatever call, the next up ends with exactly one live key of
// ours, equal to what the Secrets hold, no other key touched, and nothing left to do; and the next teardown leaves nothing.
func TestEveryCallMayGoWrong(t *testing.T) {
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
						err := w.goWrongAtAWS(t, s.command, c, way)
						w.mustRecover(t, s, foreign, err)
					})
				}
			}
			for i, c := range kubeCalls {
				for _, way := range chosen(kubeWays(), i) {
					t.Run(c.Name()+" "+way.name, func(t *testing.T) {
						t.Parallel()
						w, foreign := prepared(t, sb, s)
						err := w.goWrongAtKube(t, s.command, in(w.namespace, c), way)
						w.mustRecover(t, s, foreign, err)
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

// recordCalls runs the command once, undisturbed, to learn its calls. The namespace's name is taken out, as each case has its own.
func recordCalls(t *testing.T, sb *sandbox, s scenario) ([]awsfake.Call, []kubeproxy.Call) {
	t.Helper()
	w, foreign := prepared(t, sb, s)
	result, err := w.do(t.Context(), s.command)
	if err != nil {
		t.Fatalf("%s: %v\n%s", s.command, err, problems(result))
	}
	awsCalls, proxied := w.aws.Calls(), w.proxy.Calls() // before the test itself looks
	check(t, "see the end of "+s.command, s.ended(t, w, foreign))
	kubeCalls := slices.DeleteFunc(proxied, func(c kubeproxy.Call) bool { return c.Verb == "watch" })
	for i := range kubeCalls {
		kubeCalls[i].Object = strings.ReplaceAll(kubeCalls[i].Object, w.namespace, "NAMESPACE")
	}
	return awsCalls, kubeCalls
}

// in puts a recorded call into the namespace of a case.
func in(namespace string, c kubeproxy.Call) kubeproxy.Call {
	c.Object = strings.ReplaceAll(c.Object, "NAMESPACE", namespace)
	return c
}

// goWrongAtAWS runs the command with the call going wrong, and returns how it ended.
func (w *world) goWrongAtAWS(t *testing.T, command string, c awsfake.Call, way way) error {
	t.Helper()
	casesRun.Add(1)
	if way.kill {
		p := w.command(t, command)
		defer w.aws.FaultAt(c, way.aws, func(awsfake.Phase, awsfake.Call) { p.signal(os.Kill) })()
		return w.mustDie(t, p, c.Name(), !c.Write && c.N > 1)
	}
	defer w.aws.FaultAt(c, way.aws, nil)()
	_, err := w.do(t.Context(), command)
	made := slices.ContainsFunc(w.aws.Calls(), func(made awsfake.Call) bool { return made.Name() == c.Name() })
	mustBeMade(t, made, c.Name(), !c.Write && c.N > 1)
	return err
}

// goWrongAtKube is goWrongAtAWS for a call to the API server.
func (w *world) goWrongAtKube(t *testing.T, command string, c kubeproxy.Call, way way) error {
	t.Helper()
	casesRun.Add(1)
	if way.kill {
		p := w.command(t, command)
		defer w.proxy.Fault(kubeproxy.At(c, way.kube, func(kubeproxy.Call) { p.signal(os.Kill) }))()
		return w.mustDie(t, p, c.Name(), looksAgain(c))
	}
	defer w.proxy.Fault(kubeproxy.At(c, way.kube, nil))()
	_, err := w.do(t.Context(), command)
	made := slices.ContainsFunc(w.proxy.Calls(), func(made kubeproxy.Call) bool { return made.Name() == c.Name() })
	mustBeMade(t, made, c.Name(), looksAgain(c))
	return err
}

var errKilled = errors.New("killed")

// looksAgain reports that how often a call is made depends on time: a repeated look, a renewal of the lock, or a look at
// pods and events, which only a Deployment that is not available yet calls for.
func looksAgain(c kubeproxy.Call) bool {
	return c.Resource == "pods" || c.Resource == "events" || (!c.Write || c.Resource == "leases") && c.N > 1
}

// mustBeMade fails a case in which nothing went wrong, since its call was never made. One that depends on time is not
// counted instead.
func mustBeMade(t *testing.T, made bool, name string, timely bool) {
	t.Helper()
	switch {
	case made:
	case timely:
		casesRun.Add(-1)
	default:
		t.Errorf("%s was never called, so that nothing went wrong", name)
	}
}

func (w *world) mustDie(t *testing.T, p *process, at string, timely bool) error {
	t.Helper()
	code := w.run(t, p)
	if code == 0 && timely {
		casesRun.Add(-1)
		return nil
	}
	if code != -1 {
		t.Fatalf("the process was to be killed at %s and ended with %d:\n%s", at, code, p.stderr.String())
	}
	w.hasten(t)
	return errKilled
}

// mustRecover is one clean run of the command and then nothing to do. A run that ended well must have done it all.
func (w *world) mustRecover(t *testing.T, s scenario, foreign []string, disturbed error) {
	t.Helper()
	if disturbed == nil {
		if err := s.ended(t, w, foreign); err != nil {
			t.Errorf("%s ended well although %v", s.command, err)
		}
	}
	if s.command == "rotate" {
		w.mustHoldWorkingKeys(t)
	}
	result, err := w.do(t.Context(), cmp.Or(s.next, s.command))
	if err != nil {
		t.Fatalf("the %s afterwards: %v\n%s\nlog:\n%s", cmp.Or(s.next, s.command), err, problems(result), tail(w.output.String()))
	}
	check(t, "see the end of "+s.command, s.ended(t, w, foreign))
	if s.command == "up" || s.command == "rotate" {
		w.mustBeConverged(t)
		return
	}
	if again, err := w.do(t.Context(), s.command); err != nil || again.Changed {
		t.Errorf("another %s: error %v, changed %v\n%s%s", s.command, err, again.Changed, changes(again), problems(again))
	}
}

func tail(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
