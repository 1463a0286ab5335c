package helminstall

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
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

// otherOwner is whose the operator is: of one that the CRDs confirm, else of the CRDs, and where nothing cluster-wide tells,
// what a Deployment says of itself.
func (o *Observed) otherOwner() owner.Owner {
	for _, op := range o.Operators {
		if op.Confirmed {
			return op.Owner
		}
	}
	for _, c := range o.CRDs {
		if c.Owner != (owner.Owner{}) {
			return c.Owner
		}
	}
	for _, op := range o.Operators {
		return op.Owner
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
		newest, err := s.newestOther(ctx, by, status)
		if apierrors.IsForbidden(err) {
			o.noteUnreadable(by)
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for %s: %w", by, err)
		}
		if newest != nil {
			o.Other = otherRecord(by, newest)
			return nil
		}
	}
	return nil
}

// newestOther is the Secret of the newest revision; nil where there is none.
func (s *Step) newestOther(ctx context.Context, by owner.Owner, status string) (newest *corev1.Secret, err error) {
	options := metav1.ListOptions{LabelSelector: "owner=helm,status" + status + ",name=" + by.Release, Limit: 10}
	err = pages.Each(ctx, s.Client.CoreV1().Secrets(by.Namespace).List, options, func(secret *corev1.Secret) {
		if newest == nil || stored.Revision(secret) > stored.Revision(newest) {
			newest = secret
		}
	})
	return newest, err // the caller says what it looks for
}

// otherRecord takes the labels' word for a record that cannot be decoded: the release is there all the same.
func otherRecord(by owner.Owner, newest *corev1.Secret) *stored.Record {
	rec, err := stored.Latest([]corev1.Secret{*newest})
	if err == nil {
		return rec
	}
	rec = &stored.Record{Name: by.Release, Namespace: by.Namespace, Revision: stored.Revision(newest), Labels: newest.Labels}
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
