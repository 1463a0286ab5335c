package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// StripFinalizers takes the operator's finalizers off the objects, when no operator serves them any more: without that
// their deletion never ends. Others' finalizers stay. It goes on past a failure, and returns those that it changed.
func (e *Objects) StripFinalizers(ctx context.Context, objects []Object) ([]Object, error) {
	type outcome struct {
		stripped bool
		err      error
	}
	outcomes, _ := parallel.Map(ctx, objects, func(ctx context.Context, o Object) (outcome, error) {
		if len(o.OperatorsFinalizers()) == 0 {
			return outcome{}, nil
		}
		err := e.stripFinalizers(ctx, o)
		return outcome{stripped: err == nil, err: err}, nil
	})
	var stripped []Object
	var errs []error
	for i, o := range outcomes {
		errs = append(errs, o.err)
		if o.stripped {
			stripped = append(stripped, objects[i])
		}
	}
	return stripped, errors.Join(errs...)
}

// stripFinalizers patches under the list that was seen, so that a finalizer which somebody added meanwhile survives.
func (e *Objects) stripFinalizers(ctx context.Context, o Object) error {
	kept := append([]string{}, o.ForeignFinalizers()...)
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/finalizers", "value": o.finalizers},
		{"op": "replace", "path": "/metadata/finalizers", "value": kept},
	})
	if err != nil {
		return fmt.Errorf("strip finalizers of %s: %w", o.Ref(), err)
	}
	var api dynamic.ResourceInterface = e.dynamic.Resource(o.in.GroupVersionResource)
	if o.Namespace != "" {
		api = e.dynamic.Resource(o.in.GroupVersionResource).Namespace(o.Namespace)
	}
	_, err = api.Patch(ctx, o.Name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: kube.FieldManager})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("strip finalizers of %s: %w", o.Ref(), err)
	}
	return nil
}
