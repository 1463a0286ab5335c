package acceptance

import (
	"bytes"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// keyID and keyHalf are the entries of a key's Secret.
const (
	keyID   = "access-key"
	keyHalf = "secret-access-key"
)

// TestForgedKeySecrets is a table of what a tenant writes into the Secrets of the key, and into others with their label.
// Whatever it is, the next up ends with one live key of the user's own or refuses, and no other key goes.
func TestForgedKeySecrets(t *testing.T) {
	t.Parallel()
	both := func(edit func(a *attack, s *corev1.Secret)) func(*testing.T, *attack) {
		return func(t *testing.T, a *attack) {
			t.Helper()
			for _, name := range a.settings.KeySecretNames() {
				a.tenant.editSecret(t, name, func(s *corev1.Secret) { edit(a, s) })
			}
		}
	}
	holds := func(user, half string) func(*testing.T, *attack) {
		return both(func(a *attack, s *corev1.Secret) {
			id := a.aws.Keys(user)[0].ID
			s.Labels, s.Data = mark(), map[string][]byte{keyID: []byte(id), keyHalf: []byte(half)}
			if half == "" {
				s.Data[keyHalf] = []byte(a.aws.SecretOf(id))
			}
		})
	}
	for name, forge := range map[string]func(*testing.T, *attack){
		"key of another user, with a half that is none":  holds(victimName, "nonsense"),
		"key of another user, that works":                holds(victimName, ""),
		"key of another owner, with a half that is none": holds(otherName, "nonsense"),
		"key of another owner, that works":               holds(otherName, ""),
		"the administrator's key":                        holds("admin", "nonsense"),
		"the administrator's key, that works":            holds("admin", awsfake.AdminSecret),
		"half that is none":                              both(func(_ *attack, s *corev1.Secret) { s.Data[keyHalf] = []byte("nonsense") }),
		"hostile key id":                                 both(func(_ *attack, s *corev1.Secret) { s.Data[keyID] = []byte(hostile) }),
		"hostile entries": both(func(_ *attack, s *corev1.Secret) {
			s.Data = map[string][]byte{keyID: []byte(hostile), keyHalf: []byte(hostile), "credentials": {0xff, 0x1b, '[', '2', 'J'}}
		}),
		"hostile half": both(func(_ *attack, s *corev1.Secret) { s.Data[keyHalf] = []byte(hostile) }),
		"a megabyte":   both(func(_ *attack, s *corev1.Secret) { s.Data["more"] = bytes.Repeat([]byte("x"), 1<<20-4000) }),
		"nothing":      both(func(_ *attack, s *corev1.Secret) { s.Data = nil }),
		"no label":     both(func(_ *attack, s *corev1.Secret) { s.Labels = nil }),
		"immutable":    both(func(_ *attack, s *corev1.Secret) { yes := true; s.Immutable = &yes }),
		"hostile release": both(func(_ *attack, s *corev1.Secret) {
			s.Annotations = map[string]string{"meta.helm.sh/release-name": hostile, "meta.helm.sh/release-namespace": hostile}
		}),
		"hostile application": both(func(_ *attack, s *corev1.Secret) {
			s.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": hostile + ":/Secret:x/y"}
		}),
		"hostile owner": both(func(_ *attack, s *corev1.Secret) { // of a kind that garbage collection does not know
			s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: hostile, Name: hostile, UID: "x"}}
		}),
		"many annotations": both(func(_ *attack, s *corev1.Secret) {
			s.Annotations = map[string]string{"meta.helm.sh/release-name": strings.Repeat("x", 200_000)}
		}),
		"others that hold other keys": func(t *testing.T, a *attack) {
			t.Helper()
			for name, user := range map[string]string{"forged": victimName, "forged2": "admin", "forged3": otherName} {
				a.tenant.editSecret(t, name, func(s *corev1.Secret) {
					s.Data = map[string][]byte{keyID: []byte(a.aws.Keys(user)[0].ID), keyHalf: []byte("nonsense")}
				})
			}
			forgeData(rewritten(t, a.recordData(t), func(l leaf) any {
				for from, to := range map[string]string{"external-secrets-user-secret": "forged", bootstrap.ChartSecretName: "forged2", bootstrap.DefaultUserName: victimName} {
					if l.value == from {
						return to
					}
				}
				return l.value
			}))(t, a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttack(t, nil)
			a.suffer(t, forge)
		})
	}
}

// TestKeySecretThatIsBeingDeleted is one whose deletion was asked for and waits for a finalizer: it is not as it should
// be, since it vanishes as soon as somebody takes the finalizer away.
func TestKeySecretThatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	a := newAttack(t, nil)
	name := bootstrap.ChartSecretName
	a.tenant.editSecret(t, name, func(s *corev1.Secret) { s.Finalizers = []string{"example.com/forged"} })
	check(t, "delete Secret", a.tenant.kube.CoreV1().Secrets(a.namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
	if _, text := a.administer(t, "plan"); strings.Contains(text, "nothing to do") {
		t.Errorf("plan says that there is nothing to do:\n%s", text)
	}
	a.administer(t, "status")
	if code, text := a.administer(t, "up"); code == 0 {
		t.Errorf("up ended well although a Secret is about to vanish:\n%s", text)
	}
	a.administer(t, "teardown")
	a.mustHaveHarmedNobody(t)
	_, err := a.kube.CoreV1().Secrets(a.namespace).Patch(t.Context(), name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if !apierrors.IsNotFound(err) {
		check(t, "let the Secret go", err)
	}
	if code, text := a.administer(t, "teardown"); code != 0 {
		t.Errorf("teardown ended with %d:\n%s", code, text)
	}
	a.mustBeClean(t)
}
