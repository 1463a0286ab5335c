package kube

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OthersAlive reports whether a run other than self may be writing in this cluster: one that holds the lock of any
// namespace, whose Lease has not expired and whose process is not known to be gone. A caller who may not list Leases in
// every namespace gets the error, since another namespace's run cannot be ruled out.
func (c *Client) OthersAlive(ctx context.Context, self Holder, now time.Time) (bool, error) {
	list, err := c.CoordinationV1().Leases(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: ManagedByLabel + "=" + ManagedBy})
	if err != nil {
		return false, fmt.Errorf("list locks of all namespaces: %w", err)
	}
	for _, lease := range list.Items {
		if holder, held := holderOf(lease); held && holder.Run != self.Run && !expired(lease, now) && !holder.Gone(ctx) {
			return true, nil
		}
	}
	return false, nil
}

func holderOf(lease coordinationv1.Lease) (Holder, bool) {
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return Holder{}, false
	}
	return parseHolder(*lease.Spec.HolderIdentity), true
}

// expired allows twice the Lease's duration, as the holder's clock may differ from ours.
func expired(lease coordinationv1.Lease, now time.Time) bool {
	if lease.Spec.RenewTime == nil || lease.Spec.LeaseDurationSeconds == nil {
		return true
	}
	return now.After(lease.Spec.RenewTime.Add(2 * time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second))
}
