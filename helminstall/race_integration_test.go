package helminstall

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// together is a start line: each of n runs stops once, at its first write to a release Secret, until all have come so far.
func together(n int) func() func(*http.Request) error {
	var all sync.WaitGroup
	all.Add(n)
	return func() func(*http.Request) error {
		var once sync.Once
		return func(r *http.Request) error {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/secrets") {
				once.Do(func() { all.Done(); all.Wait() })
			}
			return nil
		}
	}
}

// race lets two runs observe the same cluster and apply at the same time; it returns what each was told.
func race(t *testing.T, sb *sandbox, change func(*Settings)) []*collector {
	t.Helper()
	line := together(2)
	steps, told, errs := make([]*Step, 2), make([]*collector, 2), make([]error, 2)
	for i := range steps {
		steps[i], told[i] = sb.step(t, &recorder{fail: line()}, change), &collector{}
		steps[i].HolderAlive = alive(true)
		_, err := steps[i].Observe(t.Context())
		kubetest.Must(t, err)
	}
	var group sync.WaitGroup
	for i, s := range steps {
		group.Go(func() { errs[i] = s.Apply(t.Context(), told[i]) })
	}
	group.Wait()
	kubetest.Must(t, errors.Join(errs...))
	if a, b := steps[0].Release(), steps[1].Release(); a != b {
		t.Errorf("one run reports %+v, the other %+v", a, b)
	}
	return told
}

// TestSandboxRace: of two runs that begin at the same time one writes, and the other waits for it and ends as well.
func TestSandboxRace(t *testing.T) {
	sb := startSandbox(t)
	for round := range 3 {
		for revision, change := range []func(*Settings){small, func(s *Settings) { small(s); s.Set = []string{"podLabels.a=b"} }} {
			writers, waiters := 0, 0
			for _, got := range race(t, sb, change) {
				for _, e := range got.all() {
					if e.Type == event.Changed && strings.HasPrefix(e.Change.Resource.String(), "helm-release/") {
						writers++
					}
				}
				if strings.Contains(strings.Join(got.waits(), "\n"), "another run") {
					waiters++
				}
			}
			if writers != 1 || waiters != 1 {
				t.Errorf("round %d: %d wrote and %d waited", round, writers, waiters)
			}
			if got := converges(t, sb, plan.None, "up to date", change); got.Revision != revision+1 {
				t.Errorf("round %d: %+v", round, got)
			}
		}
		kubetest.Must(t, sb.step(t, &recorder{}, small).Destroy(t.Context(), DestroyOptions{DeleteCRDs: true}, event.Discard))
	}
}

// TestSandboxSettled: an operation that seemed to be cut off, and ends between the look and the repair, keeps its outcome.
func TestSandboxSettled(t *testing.T) {
	sb := startSandbox(t)
	cut := sb.step(t, &recorder{fail: failing(http.MethodPut, "/secrets/")}, func(s *Settings) { small(s); s.NoWait = true })
	if _, _, err := up(t, cut); err == nil {
		t.Fatal("a release whose outcome cannot be stored counts as installed")
	}
	s := sb.step(t, &recorder{}, small)
	s.HolderAlive = alive(false)
	_, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	if s.State() != Failed {
		t.Fatalf("state %s", s.State())
	}
	theirs := storage.Init(driver.NewSecrets(sb.client.CoreV1().Secrets("external-secrets")))
	last, err := theirs.Last("external-secrets")
	kubetest.Must(t, err)
	last.SetStatus(release.StatusDeployed, "ended after all")
	kubetest.Must(t, theirs.Update(last))
	got := &collector{}
	kubetest.Must(t, s.Apply(t.Context(), got))
	last, err = theirs.Last("external-secrets")
	kubetest.Must(t, err)
	if last.Version != 1 || last.Info.Description != "ended after all" || s.State() != InSync {
		t.Errorf("revision %d is %s: %s; the step says %s", last.Version, last.Info.Status, last.Info.Description, s.State())
	}
}

// TestSandboxTaken: an object of the chart's that belongs to nobody at work is an obstacle, and not waited for.
func TestSandboxTaken(t *testing.T) {
	sb := startSandbox(t)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "external-secrets"}}
	_, err := sb.client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
	kubetest.Must(t, err)
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "external-secrets"}}
	_, err = sb.client.CoreV1().ServiceAccounts("external-secrets").Create(t.Context(), sa, metav1.CreateOptions{})
	kubetest.Must(t, err)
	s := sb.step(t, &recorder{}, nil)
	_, _, err = up(t, s)
	if err == nil || !strings.Contains(err.Error(), "serviceaccount/external-secrets/external-secrets exists and belongs to somebody unknown") || hint.Of(err) == "" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	if s.State() != Absent {
		t.Errorf("state %s", s.State())
	}
}
