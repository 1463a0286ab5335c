package external

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// HeldNamespace is a Namespace with finalizers of the operator, which newer ones put there for ClusterExternalSecrets. Without the
// operator it can never be deleted.
type HeldNamespace struct {
	Name string
	Held []string // the operator's finalizers

	all []string
}

// HeldNamespaces lists them. It returns none where the caller may not list namespaces.
func (e *Objects) HeldNamespaces(ctx context.Context) ([]HeldNamespace, error) {
	var out []HeldNamespace
	api := e.metadata.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	err := pages.Each(ctx, api.List, metav1.ListOptions{}, func(o *metav1.PartialObjectMetadata) {
		held := slices.DeleteFunc(slices.Clone(o.Finalizers), func(f string) bool { return !isOperatorsFinalizer(f) })
		if len(held) > 0 {
			out = append(out, HeldNamespace{Name: o.Name, Held: held, all: o.Finalizers})
		}
	})
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	return out, nil
}

// Free takes the operator's finalizers off, and leaves others. A namespace whose finalizers changed since it was listed is an
// error.
func (e *Objects) Free(ctx context.Context, n HeldNamespace) error {
	kept := slices.DeleteFunc(slices.Clone(n.all), isOperatorsFinalizer)
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/finalizers", "value": n.all},
		{"op": "replace", "path": "/metadata/finalizers", "value": append([]string{}, kept...)},
	})
	if err == nil {
		_, err = e.client.CoreV1().Namespaces().Patch(ctx, n.Name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: kube.FieldManager})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("take finalizers %s off namespace %s: %w", strings.Join(n.Held, ", "), n.Name, err)
	}
	return nil
}

// Command does the same by hand.
func (n HeldNamespace) Command() string {
	kept := append([]string{}, slices.DeleteFunc(slices.Clone(n.all), isOperatorsFinalizer)...)
	patch, _ := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": kept}}) // strings
	return hint.Command("kubectl", "patch", "namespace", n.Name, "--type=merge", "-p", string(patch))
}
