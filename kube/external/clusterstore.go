package external

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LacksClusterStore reports that there is no ClusterSecretStore of that name for sure. Who may not read it does not know.
func (e *Objects) LacksClusterStore(ctx context.Context, name string) (bool, error) {
	if len(validation.NameIsDNSSubdomain(name, false)) > 0 {
		return true, nil
	}
	kinds, err := e.kinds(ctx, externalGroup)
	if err != nil {
		return false, err
	}
	for _, k := range kinds {
		if k.name != "ClusterSecretStore" {
			continue
		}
		_, err := e.metadata.Resource(k.GroupVersionResource).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil {
			return err != nil, nil
		}
		if apierrors.IsForbidden(err) {
			return false, nil
		}
		return false, fmt.Errorf("get ClusterSecretStore %s: %w", name, err)
	}
	return true, nil
}
