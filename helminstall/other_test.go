package helminstall

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// storedElsewhere is a cluster with an operator of release eso in namespace ops, whose record is as given.
func storedElsewhere(t *testing.T, revision int, st release.Status, change func(*corev1.Secret)) *fake.Clientset {
	t.Helper()
	rel := helmRelease(revision, st)
	rel.Name, rel.Namespace = "eso", "ops"
	secret, err := stored.NewSecret(fmt.Sprintf("sh.helm.release.v1.eso.v%d", revision), rel, "createdAt", at())
	kubetest.Must(t, err)
	if change != nil {
		change(secret)
	}
	d := deployment("ops", "eso", 1, 1)
	d.Labels["helm.sh/chart"], d.Labels["app.kubernetes.io/version"] = "external-secrets-0.9.13", "v0.9.13"
	client := fake.NewClientset(d)
	_, err = client.CoreV1().Secrets("ops").Create(t.Context(), secret, metav1.CreateOptions{})
	kubetest.Must(t, err)
	return client
}

func foreign(s *corev1.Secret)    { delete(s.Labels, stored.ManagedByLabel) }
func unreadable(s *corev1.Secret) { s.Data["release"] = []byte("%") }
func absent(s *corev1.Secret)     { s.Labels["name"] = "another" }

// TestElsewhereInfo: what is reported of a release under another name is what its own record says.
func TestElsewhereInfo(t *testing.T) {
	t.Parallel()
	recorded := Info{Name: "eso", Namespace: "ops", ChartVersion: "1.0.0", AppVersion: "v0.9.13", Revision: 7}
	labelled := Info{Name: "eso", Namespace: "ops", ChartVersion: "0.9.13", AppVersion: "v0.9.13"}
	half := labelled
	half.Revision = 7
	for name, test := range map[string]struct {
		status release.Status
		change func(*corev1.Secret)
		want   Info
		ours   bool
	}{
		"of somebody else": {release.StatusDeployed, foreign, recorded, false},
		"of ours":          {release.StatusDeployed, nil, recorded, true},
		"failed":           {release.StatusFailed, nil, recorded, true},
		"not decoded":      {release.StatusDeployed, unreadable, half, true},
		"no record":        {release.StatusDeployed, absent, labelled, false},
	} {
		s := stepOn(storedElsewhere(t, 7, test.status, test.change), Settings{Release: "external-secrets", Namespace: "external-secrets", Version: "0.17.0"})
		s.rawGet = crdsNaming("eso", "ops")
		_, err := s.Observe(t.Context())
		kubetest.Must(t, err)
		if s.State() != Elsewhere || s.Release() != test.want || s.Ours() != test.ours {
			t.Errorf("%s: %s %+v, ours %v", name, s.State(), s.Release(), s.Ours())
		}
		if w := strings.Join(s.Warnings(), "\n"); strings.Contains(w, "--adopt") == test.ours {
			t.Errorf("%s: %s", name, w)
		}
	}
}

// TestElsewhereForbidden: another namespace's Secrets need not be readable where the operator itself is seen.
func TestElsewhereForbidden(t *testing.T) {
	t.Parallel()
	client := storedElsewhere(t, 7, release.StatusDeployed, nil)
	client.PrependReactor("list", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
		return a.GetNamespace() == "ops", nil, apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", nil)
	})
	s := stepOn(client, Settings{Release: "external-secrets", Namespace: "external-secrets"})
	s.rawGet = crdsNaming("eso", "ops")
	_, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	if got := s.Release(); got.Name != "eso" || got.Revision != 0 || s.Ours() || len(s.Warnings()) > 0 {
		t.Errorf("%+v, ours %v, warnings %q", got, s.Ours(), s.Warnings())
	}
}

// TestUnreadCRDsHideNothing: whoever only looks sees the release although he may not read CRDs; up does not go by half.
func TestUnreadCRDsHideNothing(t *testing.T) {
	t.Parallel()
	s := stepOn(storedElsewhere(t, 7, release.StatusDeployed, nil), Settings{Release: "eso", Namespace: "ops"})
	s.rawGet = func(context.Context, string) ([]byte, error) {
		return nil, apierrors.NewForbidden(schema.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}, "x", nil)
	}
	_, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	if got := s.Release(); got.Revision != 7 || len(s.Warnings()) < len(watchedCRDs()) {
		t.Errorf("release %+v, warnings %q", got, s.Warnings())
	}
	s.NoFetch = false
	if _, err := s.Observe(t.Context()); !apierrors.IsForbidden(err) {
		t.Errorf("up goes on: %v", err)
	}
}

// TestOtherOwner: a Deployment that nothing cluster-wide confirms does not say in whose namespace to look.
func TestOtherOwner(t *testing.T) {
	t.Parallel()
	tenant, real := owner.Owner{Release: "eso", Namespace: "tenant"}, owner.Owner{Release: "eso", Namespace: "ops"}
	lookalike, confirmed := Operator{Owner: tenant}, Operator{Owner: real, Confirmed: true}
	for name, test := range map[string]struct {
		seen Observed
		want owner.Owner
	}{
		"the CRDs name another":     {Observed{Operators: []Operator{lookalike}, CRDs: []CRD{{}, {Owner: real}}}, real},
		"another one is confirmed":  {Observed{Operators: []Operator{lookalike, confirmed}}, real},
		"nothing cluster-wide says": {Observed{Operators: []Operator{lookalike}, CRDs: []CRD{{}}}, tenant},
		"nothing is there":          {Observed{}, owner.Owner{}},
	} {
		if got := test.seen.otherOwner(); got != test.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// TestNewestOther: of a release's history the newest revision counts.
func TestNewestOther(t *testing.T) {
	t.Parallel()
	client := storedElsewhere(t, 2, release.StatusFailed, nil)
	for _, revision := range []int{1, 3} {
		rel := helmRelease(revision, release.StatusFailed)
		rel.Name, rel.Namespace = "eso", "ops"
		secret, err := stored.NewSecret(fmt.Sprintf("sh.helm.release.v1.eso.v%d", revision), rel, "createdAt", at())
		kubetest.Must(t, err)
		_, err = client.CoreV1().Secrets("ops").Create(t.Context(), secret, metav1.CreateOptions{})
		kubetest.Must(t, err)
	}
	s := &Step{Client: client}
	got, err := s.newestOther(t.Context(), owner.Owner{Release: "eso", Namespace: "ops"}, "=failed")
	kubetest.Must(t, err)
	if got == nil || stored.Revision(got) != 3 {
		t.Errorf("got %v", got)
	}
}
