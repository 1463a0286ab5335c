package role

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func TestRoleBoundaryOfOthersStays(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	boundary, err := srv.AddPolicy("boundary", iamtest.ReadAll, nil)
	if err != nil {
		t.Fatal(err)
	}
	iamtest.Converge(t, roleFor(api, "c1", "a", iamtest.IssuerA))
	r := roleFor(api, "c1", "b", iamtest.IssuerA)
	r.Boundary = boundary
	changes := iamtest.Converge(t, r)
	if changes[0].Action != plan.Blocked {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "c1/a", boundary)

	own := roleFor(api, "c1", "a", iamtest.IssuerA)
	own.Boundary = boundary
	if changes := iamtest.Converge(t, own); iamtest.Actions(changes) != "update none" {
		t.Errorf("got %+v", changes)
	}
	wantConverged(t, srv, own)
}

func TestRoleWhoseAnswersAreLost(t *testing.T) {
	for _, action := range []string{"CreateRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "TagRole"} {
		for name, kind := range map[string]awsfake.Kind{"no answer": awsfake.LostReply, "5xx": awsfake.LostReply5xx, "modified": awsfake.ConcurrentModification} {
			if action == "CreateRole" && kind == awsfake.ConcurrentModification {
				continue
			}
			t.Run(action+" "+name, func(t *testing.T) {
				srv, api := iamtest.WithPolicy(t)
				if action != "CreateRole" {
					iamtest.Converge(t, roleFor(api, "c1", "a", iamtest.IssuerA))
				}
				srv.Fault(awsfake.Fault{Action: "iam:" + action, Kind: kind, N: 1, Times: 1})
				r := roleFor(api, "c1", "b", iamtest.IssuerA)
				iamtest.Converge(t, r)
				wantConverged(t, srv, r)
			})
		}
	}
}

func TestRoleUnderDelayedVisibility(t *testing.T) {
	for name, flap := range map[string]bool{"late": false, "flapping": true} {
		t.Run(name, func(t *testing.T) {
			srv, api := iamtest.WithPolicy(t, awsfake.WithVisibilityDelay(300*time.Millisecond, flap))
			a, b := roleFor(api, "c1", "a", iamtest.IssuerA), roleFor(api, "c1", "b", iamtest.IssuerA)
			iamtest.Converge(t, a)
			iamtest.Converge(t, b)
			srv.DelayVisibility(0, false)
			for _, r := range []*Up{a, b} {
				eventually(t, func() bool { return trustNow(t, srv).holds(r.Trusted) })
			}
		})
	}
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	err := iamtest.Pace().Until(t.Context(), 5*time.Second, func(context.Context) (bool, error) { return done(), nil })
	if err != nil {
		t.Error(err)
	}
}

// TestRoleWithConcurrentWriters has several namespaces enter themselves at the same time; IAM lets the last write win.
func TestRoleWithConcurrentWriters(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	var group sync.WaitGroup
	namespaces := []string{"a", "b", "c", "d", "e"}
	errs := make([]error, len(namespaces))
	for i, namespace := range namespaces {
		group.Go(func() {
			r := roleFor(api, "c1", namespace, iamtest.IssuerA)
			r.Pace.Poll = 250 * time.Millisecond // of two reads that must agree: longer than a writer here takes from read to write
			_, err := r.Observe(t.Context())
			errs[i] = errors.Join(err, r.Apply(t.Context(), event.Discard))
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range namespaces {
		wantConverged(t, srv, roleFor(api, "c1", namespace, iamtest.IssuerA))
	}
}

// TestRoleThatAnotherWriterOverwrites loses its part once, right after it was written.
func TestRoleThatAnotherWriterOverwrites(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	iamtest.Converge(t, roleFor(api, "c1", "a", iamtest.IssuerA))
	before := textOf(t, trustNow(t, srv))
	var done atomic.Bool
	srv.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if phase == awsfake.Before || c.Action != "UpdateAssumeRolePolicy" || !done.CompareAndSwap(false, true) {
			return
		}
		name := "shared"
		_, err := api.UpdateAssumeRolePolicy(context.WithoutCancel(t.Context()), &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &before})
		if err != nil {
			t.Error(err)
		}
	})
	r := roleFor(api, "c1", "b", iamtest.IssuerA)
	iamtest.Converge(t, r)
	wantConverged(t, srv, r)
}
