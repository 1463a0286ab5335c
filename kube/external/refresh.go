package external

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// RefreshAnnotation is what Refresh writes. The operator compares labels and annotations, and reads anew when one of them changed
// (https://external-secrets.io/latest/introduction/faq/).
const RefreshAnnotation = "gen3-bootstrap/refresh"

// Refresh has the operator read an object anew, at once instead of at its next interval. The value must be another one each time. An
// object that is gone by now is no error.
func (e *Objects) Refresh(ctx context.Context, o Object, value string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{RefreshAnnotation: value}}})
	if err == nil {
		api := e.dynamic.Resource(o.in.GroupVersionResource).Namespace(o.Namespace)
		_, err = api.Patch(ctx, o.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: kube.FieldManager})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("annotate %s, so that it is read anew: %w", o.Ref(), err)
	}
	return nil
}
