package kube

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ReleaseLockName is the name of the Lease that stands for what the namespaces of a cluster share, in the namespace of the
// Helm release.
const ReleaseLockName = "gen3-bootstrap-release"

// LockState is what a lock's Lease says.
type LockState struct {
	Ours    bool      // the Lease carries our label
	Holder  *Holder   // nil: nobody holds the lock
	Renewed time.Time // when the lock was last renewed, or released
	Expires time.Time // when a holder that does not renew it loses it; zero without a holder
}

// clockSkew is by how much the clock of a holder's machine may differ from ours.
const clockSkew = 5 * time.Minute

// MayLive reports whether a run other than self may be at work under the lock. It is for a look: who has to know takes the
// lock.
func (s *LockState) MayLive(self Holder, now time.Time) bool {
	return s != nil && s.Holder != nil && s.Holder.Run != self.Run && now.Before(s.Expires.Add(clockSkew))
}

// LockState reads a lock's Lease; nil when there is none.
func (c *Client) LockState(ctx context.Context, namespace, name string) (*LockState, error) {
	lease, err := c.lease(ctx, namespace, name)
	if err != nil || lease == nil {
		return nil, err
	}
	state := &LockState{Ours: IsOurs(lease)}
	if t := lease.Spec.RenewTime; t != nil {
		state.Renewed = t.Time
	}
	if identity := heldBy(lease); identity != "" {
		holder := parseHolder(identity)
		state.Holder, state.Expires = &holder, state.Renewed
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

func (c *Client) lease(ctx context.Context, namespace, name string) (*coordinationv1.Lease, error) {
	lease, err := c.CoordinationV1().Leases(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get Lease %s/%s: %w", namespace, name, err)
	}
	return lease, nil
}

// DeleteLease deletes a lock's Lease unless another run than self holds it, which took the lock meanwhile and needs it.
// It reports whether there is none any more.
func (c *Client) DeleteLease(ctx context.Context, namespace, name string, self Holder) (bool, error) {
	lease, err := c.lease(ctx, namespace, name)
	if err != nil || lease == nil {
		return err == nil, err
	}
	if by := heldBy(lease); by != "" && parseHolder(by).Run != self.Run || !IsOurs(lease) {
		return false, nil
	}
	err = c.CoordinationV1().Leases(namespace).Delete(ctx, name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &lease.UID, ResourceVersion: &lease.ResourceVersion},
	})
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return true, nil
	case apierrors.IsConflict(err): // somebody took it just now
		return false, nil
	}
	if now, readErr := c.lease(ctx, namespace, name); readErr == nil && (now == nil || now.UID != lease.UID) {
		return true, nil // the answer was lost after the Lease went
	}
	return false, fmt.Errorf("delete Lease %s/%s: %w", namespace, name, err)
}
