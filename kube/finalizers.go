package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// StripFinalizers takes the operator's finalizers off the objects, when no operator is left to serve them: without that
// their deletion never ends. Others' finalizers stay. It goes on past a failure, and returns those that it changed.
func (e *ExternalSecrets) StripFinalizers(ctx context.Context, objects []CustomObject) ([]CustomObject, error) {
	type outcome struct {
		stripped bool
		err      error
	}
	outcomes, _ := inParallel(ctx, objects, func(ctx context.Context, o CustomObject) (outcome, error) {
		if len(o.OperatorsFinalizers()) == 0 {
			return outcome{}, nil
		}
		err := e.stripFinalizers(ctx, o)
		return outcome{stripped: err == nil, err: err}, nil
	})
	var stripped []CustomObject
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
func (e *ExternalSecrets) stripFinalizers(ctx context.Context, o CustomObject) error {
	kept := append([]string{}, o.ForeignFinalizers()...)
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/finalizers", "value": o.finalizers},
		{"op": "replace", "path": "/metadata/finalizers", "value": kept},
	})
	if err != nil {
		return fmt.Errorf("strip finalizers of %s: %w", o.Ref(), err)
	}
	var api dynamic.ResourceInterface = e.dynamic.Resource(o.kind.GroupVersionResource)
	if o.Namespace != "" {
		api = e.dynamic.Resource(o.kind.GroupVersionResource).Namespace(o.Namespace)
	}
	_, err = api.Patch(ctx, o.Name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("strip finalizers of %s: %w", o.Ref(), err)
	}
	return nil
}
