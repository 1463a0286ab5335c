package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// nothingIsLeft is the end of a teardown by the last owner: an empty account, and no object of ours in the namespace.
func nothingIsLeft(t *testing.T, w *world, _ []string) error {
	t.Helper()
	if left := w.aws.Snapshot(); len(left) > 0 {
		return fmt.Errorf("IAM still has %v", left)
	}
	return w.nothingInNamespace(t)
}

// otherIsLeft is the end of a teardown by one of two owners: user and policy, with the other's key and marks alone.
func otherIsLeft(t *testing.T, w *world, foreign []string) error {
	t.Helper()
	var have []string
	for _, k := range w.aws.Keys(w.settings.UserName) {
		have = append(have, k.ID)
	}
	if !slices.Equal(have, foreign) {
		return fmt.Errorf("the user has keys %v, want %v", have, foreign)
	}
	for what, state := range w.aws.Snapshot() {
		if strings.Contains(what+state, "/"+w.namespace+" ") || strings.HasSuffix(what, "/"+w.namespace) {
			return fmt.Errorf("IAM still names this owner: %s %s", what, state)
		}
	}
	return w.nothingInNamespace(t)
}

func (w *world) nothingInNamespace(t *testing.T) error {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	mark := metav1.ListOptions{LabelSelector: kube.ManagedByLabel + "=" + kube.ManagedBy}
	secrets, err := w.kube.CoreV1().Secrets(w.namespace).List(ctx, mark)
	if err != nil {
		return err
	}
	if len(secrets.Items) > 0 {
		return fmt.Errorf("%d Secrets of ours are left", len(secrets.Items))
	}
	if _, err := w.kube.CoreV1().ConfigMaps(w.namespace).Get(ctx, kube.RecordName, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return fmt.Errorf("the record is left (%w)", err)
	}
	if _, err := w.kube.CoordinationV1().Leases(w.namespace).Get(ctx, kube.RecordName, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return fmt.Errorf("the lock's Lease is left (%w)", err)
	}
	return nil
}
