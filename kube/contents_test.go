package kube

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestRecordAndLockAreOurs: something of somebody else's that has their name is in the namespace like all else.
func TestRecordAndLockAreOurs(t *testing.T) {
	t.Parallel()
	ours := map[string]string{ManagedByLabel: ManagedBy}
	for name, test := range map[string]struct {
		resource string
		meta     metav1.ObjectMeta
		want     bool
	}{
		"the record":       {"configmaps", metav1.ObjectMeta{Name: RecordName, Labels: ours}, true},
		"the lock":         {"leases", metav1.ObjectMeta{Name: RecordName, Labels: ours}, true},
		"the release's":    {"leases", metav1.ObjectMeta{Name: ReleaseLockName, Labels: ours}, true},
		"a lock of others": {"leases", metav1.ObjectMeta{Name: RecordName}, false},
		"of another kind":  {"secrets", metav1.ObjectMeta{Name: RecordName, Labels: ours}, false},
		"of another name":  {"configmaps", metav1.ObjectMeta{Name: "x", Labels: ours}, false},
	} {
		if got := isRecordOrLock(test.resource, &metav1.PartialObjectMetadata{ObjectMeta: test.meta}); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
