package acceptance

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// TestLookingLeavesNoTrace: the last use of a key says who used it last, and never that somebody looked at the namespace.
func TestLookingLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.mustUp(t)
	id := w.liveKey(t)
	used := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	w.aws.SetKeyUsed(id, "secretsmanager", region, used)
	w.forgetCalls()
	for _, command := range []string{"status", "plan", "up"} {
		if code := w.run(t, w.command(t, command)); code != 0 {
			t.Fatalf("%s ended with %d", command, code)
		}
	}
	if n := len(slices.DeleteFunc(w.aws.Calls(), func(c awsfake.Call) bool { return c.Action != "GetCallerIdentity" })); n != 3 {
		t.Errorf("STS was asked %d times in three runs, want only whose the caller's own credentials are", n)
	}
	if writes := len(w.aws.Writes()) + len(w.proxy.Writes()); writes > 0 {
		t.Errorf("%d writes", writes)
	}
	if at, service := w.lastUse(t, id); !at.Equal(used) || service != "secretsmanager" {
		t.Errorf("the key was last used for %s at %s, want for secretsmanager at %s", service, at, used)
	}
}

// TestANoteThatSomebodyRemovedOrForged: a missing one is written again once the key was tried, and no key is deleted by a forged one.
func TestANoteThatSomebodyRemovedOrForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.mustUp(t)
	id := w.liveKey(t)
	name := w.settings.KeySecretNames()[0]
	w.editSecret(t, name, func(s *corev1.Secret) { delete(s.Annotations, kube.ProvedAnnotation) })
	w.mustUp(t)
	if w.secret(t, name).Annotations[kube.ProvedAnnotation] == "" {
		t.Error("the note was not written again")
	}
	w.mustBeConverged(t)

	// Somebody who may write the Secret puts a foreign key's id there. The digest of a half that is not its own says nothing.
	foreign, err := w.aws.AddKey(w.settings.UserName)
	check(t, "add foreign key", err)
	w.editSecret(t, name, func(s *corev1.Secret) {
		s.Data["access-key"] = []byte(foreign)
		s.Annotations[kube.ProvedAnnotation] = foreign + s.Annotations[kube.ProvedAnnotation][len(id):]
	})
	w.mustUp(t)
	if w.liveKeyBeside(t, foreign) != id {
		t.Errorf("keys %v, want that %s serves", w.keyIDs(), id)
	}
}

func (w *world) editSecret(t *testing.T, name string, edit func(*corev1.Secret)) {
	t.Helper()
	s := w.secret(t, name)
	edit(s)
	_, err := w.kube.CoreV1().Secrets(w.namespace).Update(t.Context(), s, metav1.UpdateOptions{})
	check(t, "edit Secret "+name, err)
}

func (w *world) lastUse(t *testing.T, id string) (time.Time, string) {
	t.Helper()
	out, err := w.iamClient(t).GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	check(t, "get last use", err)
	return *out.AccessKeyLastUsed.LastUsedDate, *out.AccessKeyLastUsed.ServiceName
}
