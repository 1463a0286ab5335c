package helminstall

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// pendings notes each pending revision at the moment when it is written.
func pendings(t *testing.T, client *fake.Clientset) *[]string {
	t.Helper()
	var seen []string
	client.PrependReactor("*", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
		write, ok := a.(clienttesting.CreateAction) // an update is one, too
		if !ok {
			return false, nil, nil
		}
		rec, err := stored.Latest([]corev1.Secret{*write.GetObject().(*corev1.Secret)})
		if err != nil {
			t.Error(err)
		} else if rec.Pending() {
			seen = append(seen, fmt.Sprintf("%d %s: marked %v, by us %v, %v old", rec.Revision, rec.Info.Status, rec.Marked(),
				rec.StoredByUs(), time.Since(rec.Since()).Round(time.Hour)))
		}
		return false, nil, nil
	})
	return &seen
}

func helmWith(store *storage.Storage) *action.Configuration {
	return &action.Configuration{
		Releases: store, KubeClient: &kubefake.PrintingKubeClient{Out: io.Discard},
		Capabilities: chartutil.DefaultCapabilities, Log: func(string, ...any) {},
	}
}

// operate upgrades the release, rolls it back and uninstalls it, without a word about labels.
func operate(t *testing.T, cfg *action.Configuration) {
	t.Helper()
	ch := &chart.Chart{Metadata: &chart.Metadata{APIVersion: chart.APIVersionV2, Name: "mini", Version: "1.0.0"}}
	_, err := action.NewUpgrade(cfg).RunWithContext(t.Context(), "r", ch, nil)
	kubetest.Must(t, err)
	back := action.NewRollback(cfg)
	back.Version = 1
	kubetest.Must(t, back.Run("r"))
	_, err = action.NewUninstall(cfg).Run("r")
	kubetest.Must(t, err)
}

// TestPendingIsWhose runs Helm's own actions on a release of ours, once as the helm command would and once as we do:
// Helm carries our labels along, and the pending revisions are those of the one who wrote them all the same.
func TestPendingIsWhose(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ theirs, ours bool }{"helm": {theirs: true}, "us": {ours: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := fake.NewClientset()
			api := client.CoreV1().Secrets("ns")
			ours := storage.Init(stored.NewDriver(stored.NewSecrets(t.Context(), api, nil), at))
			first := helmRelease(1, release.StatusDeployed)
			first.Manifest, first.Info.LastDeployed.Time = "", time.Now().Add(-24*time.Hour)
			kubetest.Must(t, ours.Create(first))
			seen := pendings(t, client)
			if test.theirs {
				operate(t, helmWith(storage.Init(driver.NewSecrets(api))))
			} else {
				operate(t, helmWith(ours))
			}
			var want []string
			for _, op := range []string{"2 pending-upgrade", "3 pending-rollback", "3 uninstalling"} {
				want = append(want, fmt.Sprintf("%s: marked true, by us %v, 0s old", op, test.ours))
			}
			if diff := cmp.Diff(want, *seen); diff != "" {
				t.Error(diff)
			}
		})
	}
}
