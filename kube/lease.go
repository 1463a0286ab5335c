package kube

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LockState is what a namespace's Lease says.
type LockState struct {
	Ours    bool      // the Lease carries our label
	Holder  *Holder   // nil: nobody holds the lock
	Dead    bool      // the holder ran on this machine and its process is gone
	Renewed time.Time // when the lock was last renewed, or let go
	Expires time.Time // when a holder that does not renew it loses it; zero without a holder
}

// LockState reads the Lease; nil when there is none.
func (c *Client) LockState(ctx context.Context, namespace string) (*LockState, error) {
	lease, err := c.lease(ctx, namespace)
	if err != nil || lease == nil {
		return nil, err
	}
	state := &LockState{Ours: IsOurs(lease)}
	if t := lease.Spec.RenewTime; t != nil {
		state.Renewed = t.Time
	}
	if identity := heldBy(lease); identity != "" {
		holder := parseHolder(identity)
		state.Holder, state.Dead = &holder, holder.Gone(ctx)
		state.Expires = state.Renewed
		if d := lease.Spec.LeaseDurationSeconds; d != nil {
			state.Expires = state.Renewed.Add(time.Duration(*d) * time.Second)
		}
	}
	return state, nil
}

func heldBy(lease *coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

func (c *Client) lease(ctx context.Context, namespace string) (*coordinationv1.Lease, error) {
	lease, err := c.CoordinationV1().Leases(namespace).Get(ctx, RecordName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get Lease %s/%s: %w", namespace, RecordName, err)
	}
	return lease, nil
}

// DeleteLease deletes the Lease unless somebody holds it: a run that took the lock meanwhile needs it. It reports
// whether there is none any more.
func (c *Client) DeleteLease(ctx context.Context, namespace string) (bool, error) {
	lease, err := c.lease(ctx, namespace)
	if err != nil || lease == nil {
		return err == nil, err
	}
	if heldBy(lease) != "" || !IsOurs(lease) {
		return false, nil
	}
	err = c.CoordinationV1().Leases(namespace).Delete(ctx, RecordName, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &lease.UID, ResourceVersion: &lease.ResourceVersion},
	})
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return true, nil
	case apierrors.IsConflict(err): // somebody took it just now
		return false, nil
	}
	if now, readErr := c.lease(ctx, namespace); readErr == nil && (now == nil || now.UID != lease.UID) {
		return true, nil // the answer was lost after the Lease went
	}
	return false, fmt.Errorf("delete Lease %s/%s: %w", namespace, RecordName, err)
}
