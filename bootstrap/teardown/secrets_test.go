package teardown

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// TestSecretsThatTeardownTakes are those that only we write and whose key goes, or works nowhere.
func TestSecretsThatTeardownTakes(t *testing.T) {
	t.Parallel()
	ours := map[string]string{kube.ManagedByLabel: kube.ManagedBy}
	owned := []metav1.OwnerReference{{Kind: "ExternalSecret", Name: "keys"}}
	for name, c := range map[string]struct {
		meta   metav1.ObjectMeta
		global string
		whose  string // the key is, as STS says; "": nobody's
		want   plan.Action
		reason string
	}{
		"not there":                       {metav1.ObjectMeta{Name: "another"}, "", "", plan.None, "not there"},
		"without our mark":                {metav1.ObjectMeta{}, "", "", plan.None, "not created by gen3-bootstrap"},
		"that somebody else writes":       {metav1.ObjectMeta{Labels: ours, OwnerReferences: owned}, "", "", plan.None, "ExternalSecret keys writes it"},
		"a global user's":                 {metav1.ObjectMeta{Labels: ours}, "gen3/keys", "", plan.None, "of the global user"},
		"with a key of another user":      {metav1.ObjectMeta{Labels: ours}, "", "arn:aws:iam::1:user/theirs", plan.None, "of arn:aws:iam::1:user/theirs, which works"},
		"with a key that is nobody's":     {metav1.ObjectMeta{Labels: ours}, "", "", plan.Delete, "ours"},
		"of another name than the user's": {metav1.ObjectMeta{Labels: ours}, "gen3/others", "", plan.Delete, "ours"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret := &corev1.Secret{ObjectMeta: c.meta, Data: map[string][]byte{
				"access-key": []byte("AKIAAAAAAAAAAEXAMPLE"), "secret-access-key": []byte("half"),
			}}
			secret.Namespace = "gen3"
			if secret.Name == "" {
				secret.Name = "keys"
			}
			client := fake.NewClientset(secret)
			removal := &secretsRemoval{
				secrets: &kube.KeySecrets{Client: &kube.Client{Interface: client}, Namespace: "gen3", Names: []string{"keys"}},
				global:  c.global, check: func() error { return nil },
				whose: func(context.Context, credential.Key) (string, error) { return c.whose, nil },
			}
			planned, err := removal.PlanDestroy(t.Context())
			if err != nil || len(planned) != 1 || planned[0].Action != c.want || !strings.Contains(planned[0].Reason, c.reason) {
				t.Fatalf("planned %+v, error %v", planned, err)
			}
			if err := removal.Destroy(t.Context(), event.Discard); err != nil {
				t.Error(err)
			}
			left, err := client.CoreV1().Secrets("gen3").List(t.Context(), metav1.ListOptions{})
			if err != nil || (len(left.Items) == 0) != (c.want == plan.Delete) {
				t.Errorf("left %d, error %v", len(left.Items), err)
			}
		})
	}
}
