package helminstall

import (
	"context"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// pendingIn is the namespace in which somebody may be at work on the release, or on the one that is used in its place; "" if
// nobody is.
func (s *Step) pendingIn(o *Observed) string {
	switch {
	case o.Release != nil && o.Release.Pending():
		return s.Namespace
	case o.Other != nil && o.Other.Pending():
		return o.otherOwner().Namespace
	}
	return ""
}

// otherOwner is whose the operator is or, where none runs that can be told by its labels, the CRDs.
func (o *Observed) otherOwner() owner.Owner {
	for _, op := range o.Operators {
		return op.Owner
	}
	for _, c := range o.CRDs {
		return c.Owner
	}
	return owner.Owner{}
}

// readOther reads the record of the release that is used, or waited for, in place of this one.
func (s *Step) readOther(ctx context.Context, o *Observed) error {
	by := o.otherOwner()
	if by.Release == "" || by.Of(s.Settings.Release, s.Namespace) {
		return nil
	}
	// The first is all that is needed where the release is at rest, and spares the transfer of its history.
	for _, status := range []string{"=deployed", " in (pending-install,failed)"} {
		items, err := s.listOther(ctx, by, status)
		if apierrors.IsForbidden(err) {
			o.noteUnreadable(by)
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for %s: %w", by, err)
		}
		if len(items) > 0 {
			o.Other = otherRecord(by, items)
			return nil
		}
	}
	return nil
}

func (s *Step) listOther(ctx context.Context, by owner.Owner, status string) ([]corev1.Secret, error) {
	list, err := s.Client.CoreV1().Secrets(by.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: "owner=helm,status" + status + ",name=" + by.Release,
	})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// otherRecord takes the labels' word for a record that cannot be decoded: the release is there all the same.
func otherRecord(by owner.Owner, items []corev1.Secret) *Record {
	rec, err := latest(items)
	if err == nil {
		return rec
	}
	newest := slices.MaxFunc(items, func(a, b corev1.Secret) int { return revision(&a) - revision(&b) })
	rec = &Record{Name: by.Release, Namespace: by.Namespace, Revision: revision(&newest), Labels: newest.Labels}
	rec.Info.Status = release.Status(newest.Labels["status"])
	return rec
}

// noteUnreadable notes it where the answer would have decided something: with a running operator it would not.
func (o *Observed) noteUnreadable(by owner.Owner) {
	if len(o.Operators) == 0 {
		o.Unseen = fmt.Sprintf("Secrets of namespace %s may not be listed", by.Namespace)
		o.warnings = append(o.warnings, fmt.Sprintf("the CRDs belong to %s, whose Secrets may not be read: "+
			"whether it is still installed is unknown", by))
	}
}
