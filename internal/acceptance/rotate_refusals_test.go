package acceptance

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// TestRotateRefusesWhatItWouldBreak: everybody who has the key and would be left with a dead one, and a user without a free slot.
func TestRotateRefusesWhatItWouldBreak(t *testing.T) {
	t.Parallel()
	sb := anySandbox(t)
	for name, test := range map[string]struct {
		prepare func(t *testing.T, w *world)
		adopt   bool
		want    string
	}{
		"a copy of somebody else": {
			prepare: func(t *testing.T, w *world) { t.Helper(); w.copySecret(t, w.namespace, "theirs", false) },
			want:    "theirs was not made by gen3-bootstrap",
		},
		"a copy in another namespace, whatever label it has": {
			prepare: func(t *testing.T, w *world) {
				t.Helper()
				w.copySecret(t, newWorld(t, w.sandbox).namespace, "theirs", true)
			},
			want: "theirs was not made by gen3-bootstrap",
		},
		"a copy that Helm writes": {
			prepare: func(t *testing.T, w *world) {
				t.Helper()
				key := w.liveKey(t)
				w.storeForeign(t, w.namespace, "manifestservice-aws-config", key, "gen3")
			},
			adopt: true,
			want:  "Helm release",
		},
		"the key inside another text": {
			prepare: func(t *testing.T, w *world) {
				t.Helper()
				data := w.secret(t, bootstrap.ChartSecretName).Data
				_, err := w.kube.CoreV1().Secrets(w.namespace).Create(t.Context(), &corev1.Secret{
					ObjectMeta: metav1.ObjectMeta{Name: "usersync"}, Data: map[string][]byte{"config": data["credentials"]},
				}, metav1.CreateOptions{})
				check(t, "make Secret", err)
			},
			adopt: true,
			want:  "usersync has access key",
		},
		"no free slot": {
			prepare: func(t *testing.T, w *world) {
				t.Helper()
				_, err := w.aws.AddKey(w.settings.UserName)
				check(t, "add key", err)
			},
			want: "IAM allows no third",
		},
		"no key": {
			prepare: func(t *testing.T, w *world) {
				t.Helper()
				for _, name := range w.settings.KeySecretNames() {
					check(t, "delete Secret", w.kube.CoreV1().Secrets(w.namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
				}
			},
			want: "none to replace",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sb)
			w.mustUp(t)
			test.prepare(t, w)
			w.settings.Adopt = test.adopt
			before := w.aws.Keys(w.settings.UserName)
			w.forgetCalls()
			result, err := w.rotate(t.Context(), bootstrap.Rotation{})
			if err == nil || !hasProblem(result, test.want) || len(w.aws.Writes())+len(w.proxy.Writes()) > 0 {
				t.Errorf("got %v, %v %v, want %q and no write\n%s%s", err, w.aws.Writes(), w.proxy.Writes(), test.want, changes(result), problems(result))
			}
			if after := w.aws.Keys(w.settings.UserName); !slices.Equal(before, after) {
				t.Errorf("keys %v became %v", before, after)
			}
		})
	}
}

// TestRotateBelievesNoForgedCopy: anybody can write a key's id into a Secret. Only the secret half proves that he has the key.
func TestRotateBelievesNoForgedCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	other := newWorld(t, w.sandbox).namespace
	_, err := w.kube.CoreV1().Secrets(other).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "forged", Labels: map[string]string{kube.ManagedByLabel: kube.ManagedBy}},
		StringData: map[string]string{"access-key": w.liveKey(t), "secret-access-key": "a guess"},
	}, metav1.CreateOptions{})
	check(t, "make Secret", err)
	w.mustRotate(t, bootstrap.Rotation{})
	check(t, "see the end", hasRotated(t, w, nil))
	forged, err := w.kube.CoreV1().Secrets(other).Get(t.Context(), "forged", metav1.GetOptions{})
	if err != nil || string(forged.Data["secret-access-key"]) != "a guess" {
		t.Errorf("the forged Secret was changed: %v", err)
	}
}

// TestRotateOfARole has nothing to rotate, and says so.
func TestRotateOfARole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	wantRole(t, w)
	w.mustUp(t)
	w.forgetCalls()
	result, err := w.rotate(t.Context(), bootstrap.Rotation{})
	if err == nil || !hasProblem(result, "the last up was with --irsa, which has no key") || len(w.aws.Writes())+len(w.proxy.Writes()) > 0 {
		t.Errorf("%v, writes %v %v\n%s", err, w.aws.Writes(), w.proxy.Writes(), problems(result))
	}
}

// TestRotateRefusesAKeyThatMayNotRead: a new one could not be proved then.
func TestRotateRefusesAKeyThatMayNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.mustUp(t)
	_, err := w.iamClient(t).DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{
		UserName: &w.settings.UserName, PolicyArn: aws.String("arn:aws:iam::" + account + ":policy/" + w.settings.PolicyName),
	})
	check(t, "detach policy", err)
	w.forgetCalls()
	result, err := w.rotate(t.Context(), bootstrap.Rotation{})
	if err == nil || !hasProblem(result, "no identity-based policy allows") || len(w.aws.Writes())+len(w.proxy.Writes()) > 0 {
		t.Errorf("%v, writes %v %v\n%s%s", err, w.aws.Writes(), w.proxy.Writes(), changes(result), problems(result))
	}
	w.mustUp(t)
	w.mustRotate(t, bootstrap.Rotation{})
	w.liveKey(t)
}
