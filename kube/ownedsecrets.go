package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// OwnedSecret is a Secret that garbage collection deletes together with the ExternalSecret that owns it.
type OwnedSecret struct {
	Namespace string
	Name      string
	Owner     string // ExternalSecret's name
}

// pageOfSecrets is how many Secrets one request lists, for clusters with thousands of them.
const pageOfSecrets = 500

// OwnedSecrets finds the Secrets that ExternalSecrets own, in one namespace or in all when it is empty. Only metadata
// is read.
func (e *ExternalSecrets) OwnedSecrets(ctx context.Context, namespace string) ([]OwnedSecret, error) {
	api := e.metadata.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(namespace)
	var out []OwnedSecret
	page := metav1.ListOptions{Limit: pageOfSecrets}
	for {
		list, err := api.List(ctx, page)
		if err != nil {
			where := "all namespaces"
			if namespace != "" {
				where = "namespace " + namespace
			}
			return out, hint.With(fmt.Errorf("list Secrets in %s: %w", where, err), "it needs the verb list on secrets in "+where)
		}
		for _, item := range list.Items {
			if owner := externalOwner(item.OwnerReferences); owner != "" {
				out = append(out, OwnedSecret{Namespace: item.Namespace, Name: item.Name, Owner: owner})
			}
		}
		if page.Continue = list.Continue; page.Continue == "" {
			return out, nil
		}
	}
}

func externalOwner(refs []metav1.OwnerReference) string {
	for _, ref := range refs {
		if ref.Kind == "ExternalSecret" && strings.HasPrefix(ref.APIVersion, externalGroup+"/") {
			return ref.Name
		}
	}
	return ""
}
