package helminstall

import (
	"slices"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// TestNamespaceMade: a namespace that another step makes is neither listed nor created, nor need the caller be allowed to.
func TestNamespaceMade(t *testing.T) {
	t.Parallel()
	for _, made := range []bool{false, true} {
		client := fake.NewClientset()
		s := stepOn(client, Settings{Release: "external-secrets", Namespace: "external-secrets", NamespaceMade: made})
		creates := func() bool {
			return slices.ContainsFunc(s.Permissions(), func(a authorizationv1.ResourceAttributes) bool {
				return a.Resource == "namespaces" && a.Verb == "create"
			})
		}
		before := creates()
		changes, err := s.Observe(t.Context())
		kubetest.Must(t, err)
		kubetest.Must(t, s.MakeNamespace(t.Context(), event.Discard))
		wrote := slices.ContainsFunc(client.Actions(), func(a clienttesting.Action) bool { return a.GetVerb() == "create" })
		if listed := len(changes) == 2; listed == made || wrote == made || before == made || creates() == made {
			t.Errorf("made by another step %v: %v, created %v, permission %v, then %v", made, changes, wrote, before, creates())
		}
	}
}
