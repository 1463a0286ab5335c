package namespace

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

const seen = types.UID("seen")

// cluster holds namespace eso with that UID, none where it is "". Deletes go as the API server does them: by the UID.
func cluster(uid types.UID) *fake.Clientset {
	var objects []runtime.Object
	if uid != "" {
		objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "eso", UID: uid}})
	}
	client := fake.NewClientset(objects...)
	client.PrependReactor("delete", "namespaces", func(a clienttesting.Action) (bool, runtime.Object, error) {
		del, ok := a.(clienttesting.DeleteActionImpl)
		if want := del.DeleteOptions.Preconditions.UID; ok && uid != "" && *want != uid {
			return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "namespaces"}, "eso", errors.New("the UID in the precondition differs"))
		}
		return false, nil, nil
	})
	return client
}

// TestDelete deletes what was seen and nothing else.
func TestDelete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ there, left types.UID }{
		"it is there":      {there: seen},
		"it went before":   {},
		"it was made anew": {there: "anew", left: "anew"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := cluster(test.there)
			if err := Delete(t.Context(), client, "eso", seen); err != nil {
				t.Fatal(err)
			}
			if err := AwaitGone(t.Context(), client, "eso", seen); err != nil {
				t.Fatal(err)
			}
			ns, err := client.CoreV1().Namespaces().Get(t.Context(), "eso", metav1.GetOptions{})
			if (err == nil) != (test.left != "") || err == nil && ns.UID != test.left {
				t.Errorf("left %v, error %v", ns, err)
			}
		})
	}
}

// TestAwaitGoneEnds names what to look at when the namespace stays.
func TestAwaitGoneEnds(t *testing.T) {
	t.Parallel()
	why := errors.New("the run was stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	err := AwaitGone(ctx, cluster(seen), "eso", seen)
	if !errors.Is(err, why) || hint.Of(err) != "see what holds it: kubectl get namespace eso -o yaml" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}
