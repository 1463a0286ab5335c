package external

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
)

// OwnedSecret is a Secret that garbage collection deletes together with the ExternalSecret that owns it.
type OwnedSecret struct {
	Namespace string
	Name      string
	Owner     string // ExternalSecret's name
}

// OwnedSecrets finds the Secrets that ExternalSecrets own, in one namespace or in all when it is empty. Only metadata
// is read.
func (e *Objects) OwnedSecrets(ctx context.Context, namespace string) ([]OwnedSecret, error) {
	api := e.metadata.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(namespace)
	var out []OwnedSecret
	err := pages.Each(ctx, api.List, metav1.ListOptions{}, func(secret *metav1.PartialObjectMetadata) {
		if owner := externalOwner(secret.OwnerReferences); owner != "" {
			out = append(out, OwnedSecret{Namespace: secret.Namespace, Name: secret.Name, Owner: owner})
		}
	})
	if err != nil {
		where := "all namespaces"
		if namespace != "" {
			where = "namespace " + namespace
		}
		return out, hint.With(fmt.Errorf("list Secrets in %s: %w", where, err), "it needs the verb list on secrets in "+where)
	}
	return out, nil
}

func externalOwner(refs []metav1.OwnerReference) string {
	for _, ref := range refs {
		if ref.Kind == "ExternalSecret" && strings.HasPrefix(ref.APIVersion, externalGroup+"/") {
			return ref.Name
		}
	}
	return ""
}
