package stored

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

func helmRelease(revision int, st release.Status) *release.Release {
	return &release.Release{
		Name: "r", Namespace: "ns", Version: revision, Config: map[string]any{"replicas": 2},
		Info: &release.Info{Status: st}, Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "mini", Version: "1.0.0"}},
		Manifest: charttest.TwoObjects, Labels: map[string]string{ManagedByLabel: ManagedBy},
	}
}

// TestStorage holds our driver against Helm's own, in both directions.
func TestStorage(t *testing.T) {
	api := fake.NewClientset().CoreV1().Secrets("ns")
	secrets := NewSecrets(t.Context(), api, nil)
	ours := storage.Init(NewDriver(secrets, at))
	theirs := storage.Init(driver.NewSecrets(api))
	for i, st := range []release.Status{release.StatusSuperseded, release.StatusDeployed, release.StatusFailed} {
		kubetest.Must(t, ours.Create(helmRelease(i+1, st)))
	}
	for name, s := range map[string]*storage.Storage{"ours": ours, "helm's": theirs} {
		last, err := s.Last("r")
		kubetest.Must(t, err)
		deployed, err := s.Deployed("r")
		kubetest.Must(t, err)
		if last.Version != 3 || deployed.Version != 2 || last.Config["replicas"] != 2.0 || last.Labels[ManagedByLabel] != ManagedBy {
			t.Errorf("%s: last %d %v, deployed %d", name, last.Version, last.Config, deployed.Version)
		}
	}
	if err := ours.Create(helmRelease(3, release.StatusDeployed)); !errors.Is(err, driver.ErrReleaseExists) {
		t.Error(err)
	}
	secrets.NewestOnly = true
	if all, err := ours.History("r"); err != nil || len(all) != 1 || all[0].Version != 3 {
		t.Errorf("newest only: %v, %v", all, err)
	}
	if got, err := ours.Deployed("r"); err != nil || got.Version != 2 {
		t.Errorf("newest deployed: %v, %v", got, err)
	}
	rec, err := Latest(secrets.Now())
	kubetest.Must(t, err)
	if rec.Revision != 3 || rec.Chart.Metadata.Version != "1.0.0" || !rec.Marked() || rec.Manifest != charttest.TwoObjects {
		t.Errorf("record %+v", rec)
	}
}

func TestStorageRemembersFailures(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("update", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("the test says no")
	})
	secrets := NewSecrets(t.Context(), client.CoreV1().Secrets("ns"), nil)
	store := storage.Init(NewDriver(secrets, at))
	kubetest.Must(t, store.Create(helmRelease(1, release.StatusPendingInstall)))
	if err := store.Update(helmRelease(1, release.StatusDeployed)); err == nil || secrets.Err() == nil {
		t.Errorf("%v, remembered %v", err, secrets.Err())
	}
}

// TestStorageOutlivesTheRun: the outcome is recorded also when the run's own time is over.
func TestStorageOutlivesTheRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	api := fake.NewClientset().CoreV1().Secrets("ns")
	kubetest.Must(t, storage.Init(NewDriver(NewSecrets(ctx, api, nil), at)).Create(helmRelease(1, release.StatusFailed)))
}

func TestPrune(t *testing.T) {
	api := fake.NewClientset().CoreV1().Secrets("ns")
	secrets := NewSecrets(t.Context(), api, nil)
	store := storage.Init(NewDriver(secrets, at))
	for i, st := range []release.Status{"deployed", "failed", "failed", "failed", "failed", "failed"} {
		kubetest.Must(t, store.Create(helmRelease(i+1, st)))
	}
	kubetest.Must(t, secrets.Prune(t.Context()))
	list, err := api.List(t.Context(), metav1.ListOptions{})
	kubetest.Must(t, err)
	var left []string
	for _, item := range list.Items {
		left = append(left, item.Labels["version"])
	}
	if diff := cmp.Diff([]string{"1", "4", "5", "6"}, left); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRecordErrors(t *testing.T) {
	for name, data := range map[string]string{"base64": "%", "gzip": "H4sIAAAA", "JSON": "bm90IEpTT04="} {
		if _, err := decodeRecord([]byte(data)); err == nil {
			t.Errorf("bad %s is taken", name)
		}
	}
}
