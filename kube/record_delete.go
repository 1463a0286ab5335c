package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
)

// Delete deletes the record as it was last seen. One that is gone is no error.
func (r *Record) Delete(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.object == nil {
		return nil
	}
	err := r.Client.CoreV1().ConfigMaps(r.Namespace).Delete(ctx, RecordName, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &r.object.UID, ResourceVersion: &r.object.ResourceVersion},
	})
	if err != nil && !apierrors.IsNotFound(err) {
		// The answer may have been lost after the record went.
		if reloadErr := r.load(ctx); reloadErr == nil && r.object == nil {
			return nil
		}
		return fmt.Errorf("delete record ConfigMap %s/%s: %w", r.Namespace, RecordName, err)
	}
	r.object, r.settings = nil, nil
	return nil
}

// RecordsElsewhere returns the other namespaces of the cluster that have a record.
func (c *Client) RecordsElsewhere(ctx context.Context, namespace string) ([]string, error) {
	var out []string
	options := metav1.ListOptions{LabelSelector: ManagedByLabel + "=" + ManagedBy, FieldSelector: "metadata.name=" + RecordName}
	err := pages.Each(ctx, c.CoreV1().ConfigMaps(metav1.NamespaceAll).List, options, func(record *corev1.ConfigMap) {
		if record.Name == RecordName && record.Namespace != namespace {
			out = append(out, record.Namespace)
		}
	})
	if err != nil {
		return nil, hint.With(fmt.Errorf("look for records in other namespaces: %w", err),
			"it needs the verb list on configmaps in all namespaces; --only leaves the release out")
	}
	return out, nil
}
