package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Rehearse fails if a record could not be made where Load found none: a server-side dry run has quota, admission and RBAC
// have their say, and nothing persists.
func (r *Record) Rehearse(ctx context.Context) error {
	if r.Exists() {
		return nil
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: RecordName, Labels: map[string]string{ManagedByLabel: ManagedBy}}}
	_, err := r.Client.CoreV1().ConfigMaps(r.Namespace).Create(ctx, object, metav1.CreateOptions{FieldManager: FieldManager, DryRun: []string{metav1.DryRunAll}})
	if err == nil || apierrors.IsAlreadyExists(err) {
		return nil
	}
	return hint.With(fmt.Errorf("rehearse writing record ConfigMap %s/%s: %w", r.Namespace, RecordName, err), quotaHint(err, r.Namespace))
}
