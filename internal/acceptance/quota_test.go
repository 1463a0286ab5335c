package acceptance

import (
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestQuotaLeavesNoRoom: what a quota would refuse is found out before anything is written, and is not called a lack of
// rights.
func TestQuotaLeavesNoRoom(t *testing.T) {
	t.Parallel()
	for name, counted := range map[string]corev1.ResourceName{
		"for the lock":    "count/leases.coordination.k8s.io",
		"for the record":  "count/configmaps",
		"for the Secrets": "count/secrets",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, anySandbox(t))
			w.allowNone(t, counted)
			result, err := w.up(t.Context())
			if err == nil || !hasProblem(result, "exceeded quota: none") || !hasProblem(result, "kubectl -n "+w.namespace+" describe resourcequota") || hasProblem(result, "the caller needs") {
				t.Errorf("error %v\n%s", err, problems(result))
			}
			for _, c := range w.proxy.Writes() {
				if c.Resource != "leases" || name != "for the lock" { // which was refused
					t.Errorf("it called %s", c.Name())
				}
			}
			if writes := w.aws.Writes(); len(writes) > 0 {
				t.Errorf("it called %v", writes)
			}
		})
	}
}

// allowNone is a quota that is used up. No controller counts here, so that its status says what one would.
func (w *world) allowNone(t *testing.T, what corev1.ResourceName) {
	t.Helper()
	none := corev1.ResourceList{what: resource.MustParse("0")}
	api := w.kube.CoreV1().ResourceQuotas(w.namespace)
	quota, err := api.Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"}, Spec: corev1.ResourceQuotaSpec{Hard: none},
	}, metav1.CreateOptions{})
	check(t, "create quota", err)
	quota.Status = corev1.ResourceQuotaStatus{Hard: none, Used: none}
	_, err = api.UpdateStatus(t.Context(), quota, metav1.UpdateOptions{})
	check(t, "fill quota", err)
	poll(t, "the quota to be in force", func() bool {
		name, try := metav1.ObjectMeta{Name: "probe"}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
		var err error
		switch what { //nolint:exhaustive // the names of all that a quota can bound
		case "count/configmaps":
			_, err = w.kube.CoreV1().ConfigMaps(w.namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: name}, try)
		case "count/secrets":
			_, err = w.kube.CoreV1().Secrets(w.namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: name}, try)
		default:
			_, err = w.kube.CoordinationV1().Leases(w.namespace).Create(t.Context(), &coordinationv1.Lease{ObjectMeta: name}, try)
		}
		return apierrors.IsForbidden(err)
	})
}
