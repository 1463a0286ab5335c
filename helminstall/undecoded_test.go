package helminstall

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
)

// bombAsRelease is a stored release of the default name that unfolds to 40 MiB.
func bombAsRelease(t *testing.T, namespace string) *corev1.Secret {
	t.Helper()
	secret, err := stored.NewSecret("sh.helm.release.v1."+chartsource.DefaultChart+".v1", &release.Release{
		Name: chartsource.DefaultChart, Version: 1, Namespace: namespace, Info: &release.Info{Status: release.StatusDeployed},
	}, "createdAt", at())
	kubetest.Must(t, err)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(make([]byte, 40<<20))
	kubetest.Must(t, errors.Join(err, w.Close()))
	secret.Namespace = namespace
	secret.Data[storedrelease.Entry] = base64.StdEncoding.AppendEncode(nil, packed.Bytes())
	return secret
}

// TestBombInThePlaceOfARelease: one that nothing cluster-wide names keeps no teardown from its end, and costs little; of the
// operator's own its Secret is named.
func TestBombInThePlaceOfARelease(t *testing.T) {
	bomb := bombAsRelease(t, eso)
	foreignNamespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: eso, Labels: map[string]string{stored.ManagedByLabel: stored.ManagedBy}}}
	s := stepOn(fake.NewClientset(bomb, foreignNamespace), Settings{Release: eso, Namespace: eso})
	if _, err := s.Observe(t.Context()); err == nil || !strings.Contains(err.Error(), "decode release in Secret external-secrets/sh.helm.release.v1.external-secrets.v1: unpacks to more than 32 MiB") ||
		hint.Of(err) == "" {
		t.Errorf("got %v", err)
	}
	s.rawGet = func(ctx context.Context, path string) ([]byte, error) {
		if path == crdPath {
			return []byte(`{"items":[]}`), nil
		}
		return noCRDs(ctx, path)
	}
	changes, err := s.PlanDestroy(t.Context(), DestroyOptions{})
	kubetest.Must(t, err)
	if c := changes[0]; c.Action != plan.None || !strings.Contains(c.Reason, "kept: no cluster-wide object names it; decode release") {
		t.Errorf("%+v", c)
	}
	kubetest.Must(t, s.Destroy(t.Context(), DestroyOptions{}, event.Discard))
	named := crdsNaming(eso, eso)
	s.rawGet = func(ctx context.Context, path string) ([]byte, error) {
		if path == crdPath {
			return []byte(`{"items":[]}`), nil
		}
		return named(ctx, path)
	}
	if _, err := s.PlanDestroy(t.Context(), DestroyOptions{}); err == nil {
		t.Error("the operator's own release cannot be read, and nobody says so")
	}
}

// TestRevisionsAreHelms: only Secrets as Helm names them count, so that two cannot pass for one revision.
func TestRevisionsAreHelms(t *testing.T) {
	t.Parallel()
	store := func(name string, revision int, version string, change func(*corev1.Secret)) *corev1.Secret {
		rel := helmRelease(revision, release.StatusDeployed)
		rel.Chart.Metadata.Version = version
		secret, err := stored.NewSecret(name, rel, "createdAt", at())
		kubetest.Must(t, err)
		secret.Namespace = "ns"
		if change != nil {
			change(secret)
		}
		return secret
	}
	s := stepOn(fake.NewClientset(
		store("sh.helm.release.v1.r.v1", 1, "1.0.0", nil),
		store("a-second", 1, "6.6.6", nil),
		store("sh.helm.release.v1.r.v3", 2, "6.6.6", nil),
		store("sh.helm.release.v1.r.v2", 2, "6.6.6", func(secret *corev1.Secret) { secret.Type = corev1.SecretTypeOpaque }),
	), Settings{Release: "r", Namespace: "ns"})
	_, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	if got := s.Release(); got.Revision != 1 || got.ChartVersion != "1.0.0" || len(s.seen.secrets) != 1 {
		t.Errorf("%+v of %d Secrets", got, len(s.seen.secrets))
	}
}
