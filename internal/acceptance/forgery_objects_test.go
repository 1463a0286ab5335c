package acceptance

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// TestForgedLease is a table of holders that a tenant gives the lock. They may keep runs out of the namespace, which are
// then told whom they wait for.
func TestForgedLease(t *testing.T) {
	t.Parallel()
	claim := func(user string, pid int) string {
		text, _ := json.Marshal(map[string]any{"user": user, "host": hostile, "machine": "x", "pid": pid, "command": hostile, "run": hostile, "started": "2025-01-01T00:00:00Z"})
		return string(text)
	}
	for name, holder := range map[string]string{
		"hostile text":              hostile,
		"hostile names":             claim(hostile, 1),
		"names another process":     claim("root", math.MaxInt32),
		"no process":                claim("root", -1),
		"a hundred kilobytes":       strings.Repeat("x", 100_000),
		"a hundred kilobytes, JSON": claim(strings.Repeat("x", 100_000), 7),
		"nobody":                    "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttack(t, nil)
			code, text := a.suffer(t, func(t *testing.T, a *attack) {
				t.Helper()
				a.tenant.hold(t, holder)
			})
			if holder != "" && (code != 1 || !strings.Contains(text, "Lease")) {
				t.Errorf("teardown ended with %d beside another holder of the lock:\n%s", code, text)
			}
		})
	}
}

// hold writes the Lease of the lock for a time without end.
func (x *tenant) hold(t *testing.T, holder string) {
	t.Helper()
	seconds, now := int32(math.MaxInt32), metav1.NewMicroTime(time.Now())
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: kube.RecordName, Labels: mark(), Annotations: map[string]string{"x": hostile}},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &now, AcquireTime: &now},
	}
	api := x.kube.CoordinationV1().Leases(x.namespace)
	err := api.Delete(t.Context(), lease.Name, metav1.DeleteOptions{})
	if !apierrors.IsNotFound(err) {
		check(t, "delete Lease", err)
	}
	_, err = api.Create(t.Context(), lease, metav1.CreateOptions{})
	check(t, "create Lease", err)
}

// TestForgedDeployment is what the operator is recognised by, in a tenant's namespace, beside the real one.
func TestForgedDeployment(t *testing.T) {
	t.Parallel()
	a := newAttack(t, nil)
	code, text := a.suffer(t, func(t *testing.T, a *attack) {
		t.Helper()
		a.tenant.pretendOperator(t, "ghcr.io/external-secrets/external-secrets:"+hostile, map[string]string{
			"meta.helm.sh/release-name": hostile, "meta.helm.sh/release-namespace": hostile, "argocd.argoproj.io/tracking-id": hostile,
		})
	})
	if code != 0 {
		t.Errorf("teardown ended with %d:\n%s", code, text)
	}
	a.mustBeClean(t)
	check(t, "delete Deployment", a.tenant.kube.AppsV1().Deployments(a.namespace).Delete(t.Context(), "web", metav1.DeleteOptions{})) // others' runs tell of it
}

// pretendOperator makes a Deployment with the labels of the operator's.
func (x *tenant) pretendOperator(t *testing.T, image string, annotations map[string]string) {
	t.Helper()
	labels := map[string]string{"app.kubernetes.io/name": "external-secrets", "helm.sh/chart": "external-secrets-0.16.2"}
	_, err := x.kube.AppsV1().Deployments(x.namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: labels, Annotations: annotations},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: image}}},
			},
		},
	}, metav1.CreateOptions{})
	ignoreExisting(t, "create Deployment", err)
}

// TestForgedServiceAccount is the one that the role is for, with a role of a tenant's choice.
func TestForgedServiceAccount(t *testing.T) {
	t.Parallel()
	a := newAttack(t, modes()["role"])
	code, text := a.suffer(t, func(t *testing.T, a *attack) {
		t.Helper()
		_, err := a.tenant.kube.CoreV1().ServiceAccounts(a.namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
			Name: bootstrap.DefaultServiceAccount, Annotations: map[string]string{"eks.amazonaws.com/role-arn": hostile},
		}}, metav1.CreateOptions{})
		ignoreExisting(t, "create ServiceAccount", err)
	})
	if code != 0 {
		t.Errorf("teardown ended with %d:\n%s", code, text)
	}
	a.mustBeClean(t)
}

// TestForgedExternalSecrets is what status tells of the namespace's stores and secrets: their conditions, and the events
// about them.
func TestForgedExternalSecrets(t *testing.T) {
	t.Parallel()
	a := newAttack(t, nil)
	a.suffer(t, func(t *testing.T, a *attack) {
		t.Helper()
		a.tenant.store(t, "hostile-store")
		a.tenant.externalSecret(t, "hostile-secret", condition())
		a.tenant.custom(t, "v1alpha1", "PushSecret", "hostile-push", map[string]any{
			"secretStoreRefs": []any{map[string]any{"name": "hostile-store"}}, "selector": map[string]any{"secret": map[string]any{"name": bootstrap.ChartSecretName}},
			"data": []any{map[string]any{"match": map[string]any{"secretKey": hostile, "remoteRef": map[string]any{"remoteKey": hostile}}}},
		}, condition())
		for _, kind := range []string{"ExternalSecret", "SecretStore", hostile} {
			_, err := a.tenant.kube.CoreV1().Events(a.namespace).Create(t.Context(), &corev1.Event{
				ObjectMeta:     metav1.ObjectMeta{GenerateName: "hostile-"},
				InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: a.namespace, Name: "hostile-secret"},
				Type:           corev1.EventTypeWarning, Reason: hostile, Message: hostile, LastTimestamp: metav1.Now(),
			}, metav1.CreateOptions{})
			check(t, "create event", err)
		}
	})
	if code, text := a.administer(t, "teardown", "--force"); code != 0 {
		t.Errorf("teardown --force ended with %d:\n%s", code, text)
	}
	a.mustHaveHarmedNobody(t)
	a.mustBeClean(t)
}

func (x *tenant) store(t *testing.T, name string) {
	t.Helper()
	ref := func(key string) map[string]any { return map[string]any{"name": bootstrap.ChartSecretName, "key": key} }
	x.custom(t, "v1", "SecretStore", name, map[string]any{"provider": map[string]any{"aws": map[string]any{
		"service": "SecretsManager", "region": hostile, "role": hostile,
		"auth": map[string]any{"secretRef": map[string]any{"accessKeyIDSecretRef": ref(keyID), "secretAccessKeySecretRef": ref(keyHalf)}},
	}}}, condition())
}

func (x *tenant) externalSecret(t *testing.T, name string, status map[string]any) {
	t.Helper()
	x.custom(t, "v1", "ExternalSecret", name, map[string]any{
		"secretStoreRef": map[string]any{"name": "hostile-store", "kind": "SecretStore"},
		"data":           []any{map[string]any{"secretKey": "k", "remoteRef": map[string]any{"key": hostile}}},
	}, status)
}

func condition() map[string]any {
	return map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "False", "reason": hostile, "message": hostile}}}
}

// TestManyExternalSecrets is a namespace with more of them than anybody reads: counts are said and the first few, and
// nothing takes long.
func TestManyExternalSecrets(t *testing.T) {
	t.Parallel()
	const many = 800
	a := newAttack(t, nil)
	a.tenant.store(t, "hostile-store")
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < many; i += 8 {
				a.tenant.externalSecret(t, fmt.Sprintf("secret-%04d", i), nil)
			}
		})
	}
	group.Wait()
	for _, command := range []string{"status", "plan", "teardown"} {
		_, text := a.administer(t, command)
		if lines := strings.Count(text, "\n"); lines > 200 {
			t.Errorf("%s prints %d lines", command, lines)
		}
	}
	check(t, "delete ExternalSecrets", a.kube.CoreV1().RESTClient().Delete().
		AbsPath("/apis/external-secrets.io/v1/namespaces", a.namespace, "externalsecrets").Do(t.Context()).Error())
	a.administer(t, "teardown", "--force")
	a.mustHaveHarmedNobody(t)
}

// TestForgedLeaseThatIsBeingDeleted is a lock whose Lease is kept by a finalizer.
func TestForgedLeaseThatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	a := newAttack(t, nil)
	a.tenant.hold(t, "")
	leases := a.tenant.kube.CoordinationV1().Leases(a.namespace)
	patch := func(text string) {
		_, err := leases.Patch(t.Context(), kube.RecordName, types.MergePatchType, []byte(text), metav1.PatchOptions{})
		check(t, "patch Lease", err)
	}
	patch(`{"metadata":{"finalizers":["example.com/forged"]}}`)
	check(t, "delete Lease", leases.Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{}))
	for _, command := range []string{"status", "plan", "up", "teardown"} {
		a.administer(t, command)
	}
	a.mustHaveHarmedNobody(t)
	patch(`{"metadata":{"finalizers":null}}`)
}
