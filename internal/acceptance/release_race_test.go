package acceptance

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// ended is how one of two runs that went on at the same time came to its end.
type ended struct {
	result bootstrap.Result
	err    error
}

// TestReleaseRaces runs two namespaces of one cluster against each other, which share the release: whatever the order of
// their calls is, each run's exit code tells the truth about the state that both leave behind.
func TestReleaseRaces(t *testing.T) {
	t.Parallel()
	sb := ownSandbox(t)
	oneUser := func(t *testing.T) (first, second *world) {
		account := awsfake.Start(t)
		return raceWorld(t, sb, account), raceWorld(t, sb, account)
	}
	ownUser := func(t *testing.T) (first, second *world) {
		return raceWorld(t, sb, awsfake.Start(t)), raceWorld(t, sb, awsfake.Start(t))
	}
	for _, race := range []struct {
		name   string
		rounds int
		worlds func(*testing.T) (first, second *world)
		run    func(t *testing.T, first, second *world)
	}{
		{"record of the one while the other uninstalls", 1, ownUser, recordWhileTheReleaseGoes},
		{"record of the one is there while the other looks", 1, ownUser, lookBeforeTheRecordGoes},
		{"teardown beside up", rounds(), ownUser, teardownBesideUp},
		{"teardown beside up, one user", rounds(), oneUser, teardownBesideUp},
		{"two teardowns", rounds(), ownUser, twoTeardowns},
		{"two teardowns, one user", rounds(), oneUser, twoTeardowns},
	} {
		// One after the other: the release and its CRD are the cluster's.
		t.Run(race.name, func(t *testing.T) {
			for round := range race.rounds {
				first, second := race.worlds(t)
				ok := t.Run(strconv.Itoa(round), func(t *testing.T) { race.run(t, first, second) })
				if !ok {
					t.FailNow() // what is left would be in the way of the next round
				}
			}
		})
	}
}

func rounds() int {
	if fullMatrix() {
		return 20
	}
	return 6
}

// raceWorld is a namespace that shares a small release with others.
func raceWorld(t *testing.T, sb *sandbox, account *awsfake.Server) *world {
	t.Helper()
	w := newWorldOn(t, sb, account)
	w.settings.SkipHelm = false
	w.settings.Helm.Chart, w.settings.Helm.Version = "few-objects", "0.1.0"
	w.settings.Helm.Release, w.settings.Helm.Namespace = "few", "race-release"
	w.settings.Timing.Request = 10 * time.Second
	w.settings.LockTimeout = time.Minute
	return w
}

// atOnce starts both at random offsets, the second one rather later.
func atOnce(first, second func() (bootstrap.Result, error)) (one, other ended) {
	var group sync.WaitGroup
	group.Go(func() { one = after(rand.N(300*time.Millisecond), first) })
	group.Go(func() { other = after(rand.N(1200*time.Millisecond), second) })
	group.Wait()
	return one, other
}

func after(delay time.Duration, run func() (bootstrap.Result, error)) (end ended) {
	timer := time.NewTimer(delay)
	<-timer.C
	end.result, end.err = run()
	return end
}

// endedWell reports whether a run ended with 0. One that did not has to say why: that the release's namespace was just
// going or, on a user and policy that both have, what the other run did to those.
func endedWell(t *testing.T, what string, end ended, oneUser bool) bool {
	t.Helper()
	for _, p := range end.result.Errors {
		shared := oneUser && (strings.HasPrefix(p.Step, "iam-") || p.Step == accesskey.Step)
		if !shared && !strings.Contains(p.Message, "is being deleted") {
			t.Errorf("%s: %s: %s", what, p.Step, p.Message)
		}
	}
	if end.err != nil {
		t.Logf("%s ended with:\n%s", what, problems(end.result))
	}
	return end.err == nil
}

func (w *world) later(t *testing.T, command string) func() (bootstrap.Result, error) {
	t.Helper()
	return func() (bootstrap.Result, error) { return w.do(t.Context(), command) }
}

// pause stops a run before a call until it may go on, which it reports on paused.
func (w *world) pause(verb, resource, object string, until <-chan struct{}) (paused <-chan struct{}) {
	at := make(chan struct{})
	stop := sync.OnceFunc(func() { close(at); <-until })
	w.proxy.OnCall(func(phase kubeproxy.Phase, c kubeproxy.Call) {
		if phase == kubeproxy.Before && c.Verb == verb && c.Resource == resource && strings.HasPrefix(c.Object, object) {
			stop()
		}
	})
	return at
}

// recordWhileTheReleaseGoes: up has found the release up to date, and writes its record when teardown has looked at all of
// them.
func recordWhileTheReleaseGoes(t *testing.T, first, second *world) {
	first.mustUp(t)
	going := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(going) })
	observed := second.pause("create", "configmaps", second.namespace+"/"+kube.RecordName, going)
	begun := first.pause("delete", "deployments", first.settings.Helm.Namespace, closed())
	var up ended
	var group sync.WaitGroup
	group.Go(func() { up = after(0, second.later(t, "up")) })
	<-observed
	group.Go(func() { <-begun; goOn() })
	first.mustTeardown(t)
	goOn()
	group.Wait()
	if up.err != nil {
		t.Fatalf("up: %v\n%s", up.err, problems(up.result))
	}
	second.mustHaveRelease(t)
	second.mustBeConverged(t)
	second.mustTeardown(t)
	second.mustHaveNoRelease(t)
}

// lookBeforeTheRecordGoes: one teardown has left the release to the other, and has its record still when that one looks.
func lookBeforeTheRecordGoes(t *testing.T, first, second *world) {
	first.mustUp(t)
	second.mustUp(t)
	looked := make(chan struct{})
	leaving := first.pause("delete", "configmaps", first.namespace+"/"+kube.RecordName, looked)
	var one, other ended
	var group sync.WaitGroup
	group.Go(func() { one = after(0, first.later(t, "teardown")) })
	<-leaving
	done := make(chan struct{})
	group.Go(func() { defer close(done); other = after(0, second.later(t, "teardown")) })
	poll(t, "the other teardown to wait, or to end", func() bool {
		select {
		case <-done:
			return true
		default:
			return strings.Contains(second.output.String(), kube.ReleaseLockName+", held by")
		}
	})
	close(looked)
	group.Wait()
	if one.err != nil || other.err != nil {
		t.Errorf("teardowns: %v, %v\n%s%s", one.err, other.err, problems(one.result), problems(other.result))
	}
	second.mustHaveNoRelease(t)
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// teardownBesideUp: the only namespace that has the release lets it go while another one comes to want it.
func teardownBesideUp(t *testing.T, first, second *world) {
	first.mustUp(t)
	down, up := atOnce(first.later(t, "teardown"), second.later(t, "up"))
	oneUser := first.aws == second.aws
	if endedWell(t, "teardown", down, oneUser) {
		check(t, "see the end of teardown", first.nothingInNamespace(t))
	}
	if !endedWell(t, "up", up, oneUser) {
		second.mustUp(t)
	}
	second.mustHaveRelease(t)
	second.mustBeConverged(t)
	first.mustTeardown(t)
	second.mustTeardown(t)
	second.mustHaveNoRelease(t)
}

// twoTeardowns: the last one takes the release away.
func twoTeardowns(t *testing.T, first, second *world) {
	first.mustUp(t)
	second.mustUp(t)
	one, other := atOnce(first.later(t, "teardown"), second.later(t, "teardown"))
	oneUser := first.aws == second.aws
	for _, end := range []struct {
		*world
		ended
	}{{first, one}, {second, other}} {
		if endedWell(t, "teardown", end.ended, oneUser) {
			check(t, "see the end of teardown", end.nothingInNamespace(t))
		} else {
			end.mustTeardown(t)
		}
	}
	second.mustHaveNoRelease(t)
}

func (w *world) mustTeardown(t *testing.T) {
	t.Helper()
	if result, err := w.do(t.Context(), "teardown"); err != nil {
		t.Fatalf("teardown: %v\n%s\nlog:\n%s", err, problems(result), tail(w.output.String()))
	}
	check(t, "see the end of teardown", w.nothingInNamespace(t))
}

// mustHaveRelease says that the release is there, whole and at work.
func (w *world) mustHaveRelease(t *testing.T) {
	t.Helper()
	stored, err := w.kube.CoreV1().Secrets(w.settings.Helm.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm,status=deployed"})
	check(t, "list releases", err)
	if len(stored.Items) != 1 {
		t.Fatalf("up ended well, and there are %d deployed releases", len(stored.Items))
	}
	w.mustHaveOperator(t)
}

// mustHaveNoRelease says that the last teardown has left nothing of the release, its namespace included.
func (w *world) mustHaveNoRelease(t *testing.T) {
	t.Helper()
	name := w.settings.Helm.Namespace
	_, err := w.kube.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return
	}
	check(t, "get namespace", err)
	stored, err := w.kube.CoreV1().Secrets(name).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	check(t, "list releases", err)
	running, err := w.kube.AppsV1().Deployments(name).List(t.Context(), metav1.ListOptions{})
	check(t, "list Deployments", err)
	records, err := w.kube.CoreV1().ConfigMaps("").List(t.Context(), metav1.ListOptions{LabelSelector: kube.ManagedByLabel + "=" + kube.ManagedBy})
	check(t, "list records", err)
	t.Fatalf("each teardown ended well: namespace %s is left, with %d stored releases and %d Deployments, and there are %d records", name, len(stored.Items), len(running.Items), len(records.Items))
}
