package bootstrap_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

func testStatusHalf(t *testing.T, c *cluster) {
	user := bootstrap.DefaultUserName
	secret := func(name string) string { return "secret/status-half/" + name }
	for name, test := range map[string]struct {
		spoil func(*testing.T, *stage)
		want  []string // in resources' texts
		mints int
	}{
		"intent without key": {func(t *testing.T, s *stage) {
			s.intend(t, time.Now().Add(-time.Hour), time.Now().Add(-59*time.Minute))
		}, []string{"no key was made"}, 1},
		"key without Secret": {func(t *testing.T, s *stage) {
			s.intend(t, time.Now().Add(-time.Minute), time.Now().Add(time.Second))
			_, err := s.aws.AddKey(user)
			kubetest.Must(t, err)
		}, []string{"delete access-key/", "a run that ended before storing it made it"}, 1},
		"one Secret of two": {func(t *testing.T, s *stage) {
			kubetest.Must(t, s.kube.CoreV1().Secrets("status-half").Delete(t.Context(), "gen3-aws-config", metav1.DeleteOptions{}))
		}, []string{"create " + secret("gen3-aws-config"), "none " + secret("external-secrets-user-secret")}, 0},
		"key inactive": {func(_ *testing.T, s *stage) {
			s.aws.SetKeyStatus(s.aws.Keys(user)[0].ID, "Inactive")
		}, []string{"which is inactive", "it is ours and inactive"}, 0},
		"record lost": {func(t *testing.T, s *stage) {
			kubetest.Must(t, s.kube.CoreV1().ConfigMaps("status-half").Delete(t.Context(), "gen3-bootstrap", metav1.DeleteOptions{}))
		}, []string{"works", "create configmap/status-half/gen3-bootstrap"}, 0},
		"Secret edited by hand": {func(t *testing.T, s *stage) {
			patch := []byte(`{"stringData":{"credentials":"mine"}}`)
			_, err := s.kube.CoreV1().Secrets("status-half").Patch(t.Context(), "gen3-aws-config", types.MergePatchType, patch, metav1.PatchOptions{})
			kubetest.Must(t, err)
		}, []string{"update " + secret("gen3-aws-config"), "its entries are not the three"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.newStage(t, awsfake.Start(t), "status-half")
			s.settings.SkipHelm = true
			s.up(t)
			s.forget()
			test.spoil(t, s)
			r := s.mustStatus(t)
			var text strings.Builder
			for _, x := range r.Resources {
				fmt.Fprintf(&text, "%s %s: %s\n", x.Action, x.Resource, x.Reason)
			}
			for _, want := range test.want {
				if !strings.Contains(text.String(), want) {
					t.Errorf("%q is not in\n%s", want, text.String())
				}
			}
			if len(r.OpenMints) != test.mints {
				t.Errorf("open mints %+v", r.OpenMints)
			}
			kubetest.Must(t, s.kube.CoreV1().Namespaces().Delete(t.Context(), "status-half", metav1.DeleteOptions{}))
			c.awaitGone(t, "status-half")
		})
	}
}

// intend announces a mint on the user, as a run that was killed leaves it.
func (s *stage) intend(t *testing.T, started, deadline time.Time) {
	t.Helper()
	user := bootstrap.DefaultUserName
	system, err := s.kube.CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
	kubetest.Must(t, err)
	key := "gen3-bootstrap/minting/" + string(system.UID) + "/" + s.settings.Namespace
	value := started.UTC().Format(time.RFC3339) + " " + deadline.UTC().Format(time.RFC3339) + " " + s.aws.Keys(user)[0].ID
	_, err = s.iam().TagUser(t.Context(), &iam.TagUserInput{UserName: &user, Tags: []iamtypes.Tag{{Key: &key, Value: &value}}})
	kubetest.Must(t, err)
}

func testStatusDenied(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-denied")
	s.settings.SkipHelm = true
	s.up(t)
	s.forget()
	key := s.aws.Keys(bootstrap.DefaultUserName)[0].ID
	allow := s.aws.Deny("iam:*")
	defer allow()
	r := s.mustStatus(t)
	if len(r.Unread) < 2 || len(r.Secrets) != 2 || r.Secrets[0].KeyID != key {
		t.Errorf("%s", showStatus(r))
	}
	for _, p := range r.Unread {
		if !strings.Contains(p.Message, "AccessDenied") {
			t.Errorf("unread %+v", p)
		}
	}
	if r, err := s.status(t, time.Hour); !errors.Is(err, bootstrap.ErrFailed) || len(r.Errors) != 1 {
		t.Errorf("an age that may not be read: %v %+v", err, r.Errors)
	}
	allow()
	s.mustTeardown(t, teardown.Options{})
}

func testStatusRestricted(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-few")
	s.up(t)
	s.forget()
	s.settings.Kubeconfig = c.RestrictedKubeconfig
	r := s.mustStatus(t)
	if len(r.Unread) == 0 || len(r.Warnings) > 0 || r.Drift || len(r.Resources) == 0 {
		t.Errorf("%s", showStatus(r))
	}
	if r, err := s.status(t, 90*24*time.Hour); !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(r.Errors[0].Message, "not every access key") {
		t.Errorf("whose the keys are may not be read: %v %+v", err, r.Errors)
	}
	s.settings.Kubeconfig = c.Kubeconfig
	s.mustTeardown(t, teardown.Options{})
}

func testStatusLock(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-lock")
	s.settings.SkipHelm = true
	c.namespace(t, "status-lock")
	holder := `{"user":"ada","host":"laptop","machine":"elsewhere","pid":77,"born":1,"started":"2026-01-02T03:04:05Z","command":"gen3-bootstrap up"}`
	_, err := c.kube.CoordinationV1().Leases("status-lock").Create(t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "gen3-bootstrap"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &metav1.MicroTime{Time: time.Now()}},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	if r := s.mustStatus(t); r.Lock == nil || !strings.Contains(r.Lock.Holder, "ada on laptop, process 77 (gen3-bootstrap up)") || !r.Lock.Expires.Equal(r.Lock.Renewed) {
		t.Errorf("lock %+v", r.Lock)
	}
}
