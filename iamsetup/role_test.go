package iamsetup

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/document"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const readAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}}`

// roleFor is the step of one namespace of one cluster; the account has the policy.
func roleFor(api *iam.Client, cluster, namespace, issuer string) *Role {
	return &Role{
		Principal: Principal{Up: making(api, cluster, namespace), Path: "/gen3/", PolicyARN: policyARN},
		RoleName:  "shared", Trusted: Trusted{issuer, Subject(namespace, "secret-store-sa")},
	}
}

func roleAccount(t *testing.T, opts ...awsfake.Option) (*awsfake.Server, *iam.Client) {
	t.Helper()
	srv, api := fakeAccount(t, opts...)
	if _, err := srv.AddPolicy("read", readAll, nil); err != nil {
		t.Fatal(err)
	}
	return srv, api
}

// trustNow is the trust policy that the account has.
func trustNow(t *testing.T, srv *awsfake.Server) trust {
	t.Helper()
	return trustOf(t, srv.Snapshot()["role/shared/trust"])
}

func wantConverged(t *testing.T, srv *awsfake.Server, r *Role) {
	t.Helper()
	srv.ResetCalls()
	if changes := converge(t, r); actions(changes) != "none none" {
		t.Errorf("not converged: %+v", changes)
	}
	wantNoWrites(t, srv)
}

func TestRoleFromNothing(t *testing.T) {
	srv, api := roleAccount(t)
	boundary, err := srv.AddPolicy("boundary", readAll, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := roleFor(api, "c1", "gen3", issuerA)
	r.Boundary, r.Tags = boundary, map[string]string{"team": "data"}
	if changes := converge(t, r); actions(changes) != "create create" {
		t.Fatalf("got %+v", changes)
	}
	if r.ARN() != "arn:aws:iam::123456789012:role/gen3/shared" {
		t.Errorf("ARN %s", r.ARN())
	}
	made := srv.Snapshot()
	for key, want := range map[string]string{
		"role/shared/tag/managed-by":                   "gen3-bootstrap",
		"role/shared/tag/gen3-bootstrap/owner/c1/gen3": issuerA,
		"role/shared/tag/team":                         "data",
	} {
		if made[key] != want {
			t.Errorf("%s is %q, want %q", key, made[key], want)
		}
	}
	if !trustNow(t, srv).holds(r.Trusted) {
		t.Errorf("trust policy %s", made["role/shared/trust"])
	}
	wantConverged(t, srv, r)
}

func TestRoleSharedByNamespacesAndClusters(t *testing.T) {
	srv, api := roleAccount(t)
	for _, issuer := range []string{issuerA, issuerB} {
		if _, err := srv.AddOIDCProvider(issuer, []string{audience}, nil); err != nil {
			t.Fatal(err)
		}
	}
	all := []*Role{roleFor(api, "c1", "a", issuerA), roleFor(api, "c1", "b", issuerA), roleFor(api, "c2", "a", issuerB)}
	for _, r := range all {
		converge(t, r)
	}
	for _, r := range all {
		if !trustNow(t, srv).holds(r.Trusted) {
			t.Errorf("%s is not let in", r.Trusted)
		}
		wantConverged(t, srv, r)
	}
	if n := len(trustNow(t, srv).statements); n != 2 {
		t.Errorf("%d statements for two issuers", n)
	}
	changes := converge(t, all[2])
	wantReason(t, changes, "also lets in this ServiceAccount of "+issuerA)
}

func TestRoleKeepsForeignStatements(t *testing.T) {
	srv, api := roleAccount(t)
	before := `{"Version":"2012-10-17","Statement":[` + foreignStatements + `]}`
	if _, err := srv.AddRole("shared", before, map[string]string{TagManagedBy: ManagedBy}); err != nil {
		t.Fatal(err)
	}
	r := roleFor(api, "c1", "gen3", issuerA)
	changes := converge(t, r)
	if actions(changes) != "update create" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "does not let in system:serviceaccount:gen3:secret-store-sa of issuer "+issuerA)
	now := trustNow(t, srv)
	if same, err := document.SameMeaning(textOf(t, now.without(r.Trusted)), before); err != nil || !same || !now.holds(r.Trusted) {
		t.Errorf("now %s (%v)", textOf(t, now), err)
	}
	wantConverged(t, srv, r)
}

func TestRoleWhoseIssuerChanges(t *testing.T) {
	srv, api := roleAccount(t)
	old := roleFor(api, "c1", "gen3", issuerA)
	converge(t, old)
	id := srv.Snapshot()["role/shared"]
	r := roleFor(api, "c1", "gen3", issuerB)
	changes := converge(t, r)
	if actions(changes) != "update none" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "still lets in "+old.Trusted.String(), "does not let in "+r.Trusted.String())
	now := trustNow(t, srv)
	if !now.holds(r.Trusted) || now.holds(old.Trusted) || len(now.statements) != 1 {
		t.Errorf("now %s", textOf(t, now))
	}
	if made := srv.Snapshot(); made["role/shared"] != id || made["role/shared/tag/"+TagOwner+"c1/gen3"] != issuerB {
		t.Errorf("the role was made again, or its tag is another: %v", made)
	}
	wantConverged(t, srv, r)
}

// TestRoleWhoseChangeOfIssuerBreaksOff: wherever the run ends, what the policy lets in is proved to be this owner's.
func TestRoleWhoseChangeOfIssuerBreaksOff(t *testing.T) {
	for name, fault := range map[string]awsfake.Fault{
		"before the trust policy": {Action: "UpdateAssumeRolePolicy", Kind: awsfake.AccessDenied, Times: 1},
		"after it":                {Action: "TagRole", N: 2, Kind: awsfake.AccessDenied, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			srv, api := roleAccount(t)
			before := srv.Snapshot()
			begun := func() *Role {
				converge(t, roleFor(api, "c1", "gen3", issuerA))
				srv.ResetCalls()
				srv.Fault(fault)
				r := roleFor(api, "c1", "gen3", issuerB)
				_, err := r.Observe(t.Context())
				check(t, err)
				wantError(t, r.Apply(t.Context(), event.Discard), "AccessDenied")
				return r
			}
			r := begun()
			converge(t, r)
			if now := trustNow(t, srv); !now.holds(r.Trusted) || len(now.statements) != 1 {
				t.Errorf("now %s", textOf(t, now))
			}
			wantConverged(t, srv, r)
			mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			begun()
			mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			wantSnapshot(t, srv, before)
		})
	}
}

// TestRoleKeepsAStatementThatNobodysTagStandsFor: Terraform may set up the second of two clusters before its provider.
func TestRoleKeepsAStatementThatNobodysTagStandsFor(t *testing.T) {
	srv, api := roleAccount(t)
	r := roleFor(api, "c1", "gen3", issuerA)
	converge(t, r)
	later := Trusted{"https://oidc.eks.us-east-1.amazonaws.com/id/STILLTOCOME", r.Trusted.Subject}
	text := textOf(t, trustNow(t, srv).with(later))
	if _, err := api.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &r.RoleName, PolicyDocument: &text}); err != nil {
		t.Fatal(err)
	}
	wantConverged(t, srv, r)
	if !trustNow(t, srv).holds(later) {
		t.Errorf("now %s", textOf(t, trustNow(t, srv)))
	}
}

func TestRoleDropsAServiceAccountOfEarlierRuns(t *testing.T) {
	srv, api := roleAccount(t)
	converge(t, roleFor(api, "c1", "gen3", issuerA))
	r := roleFor(api, "c1", "gen3", issuerA)
	r.Earlier = []Trusted{r.Trusted}
	r.Trusted.Subject = Subject("gen3", "another-sa")
	converge(t, r)
	if now := trustNow(t, srv); now.holds(r.Earlier[0]) || !now.holds(r.Trusted) {
		t.Errorf("now %s", textOf(t, now))
	}
	wantConverged(t, srv, r)
}

func TestRoleOfSomebodyElse(t *testing.T) {
	srv, api := roleAccount(t)
	arn, err := srv.AddRole("shared", `{"Version":"2012-10-17","Statement":[`+foreignStatements+`]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := roleFor(api, "c1", "gen3", issuerA)
	changes := converge(t, r)
	if actions(changes) != "blocked blocked" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, arn, "does not let in", "is not attached to it", "--adopt", "--role-name")
	wantNoWrites(t, srv)

	fits := roleFor(api, "c1", "other", issuerA)
	if err := srv.Attach(arn, r.PolicyARN); err != nil {
		t.Fatal(err)
	}
	if changes := converge(t, fits); actions(changes) != "none none" {
		t.Errorf("a role that is as wanted: %+v", changes)
	}
	wantNoWrites(t, srv)

	r.Adopt = true
	if changes := converge(t, r); actions(changes) != "adopt none" {
		t.Errorf("got %+v", changes)
	}
	if !trustNow(t, srv).letsIn(fits.Trusted) {
		t.Error("a foreign statement is gone")
	}
	wantConverged(t, srv, r)
}

func TestRoleWhoseTrustPolicyIsFull(t *testing.T) {
	for name, test := range map[string]struct {
		quota, have int // characters
		denied      bool
		want        string
	}{
		"default":                  {trustDefault, trustDefault, false, "blocked"},
		"raised":                   {2 * trustDefault, trustDefault, false, "update"},
		"not told":                 {2 * trustDefault, trustDefault, true, "blocked"},
		"not told, clearly raised": {2 * trustDefault, trustDefault + 200, true, "update"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, api := roleAccount(t, awsfake.WithTrustQuota(test.quota))
			if _, err := srv.AddRole("shared", textOf(t, fullTrust(t, test.have)), map[string]string{TagManagedBy: ManagedBy}); err != nil {
				t.Fatal(err)
			}
			if test.denied {
				srv.Fault(awsfake.Fault{Action: "GetAccountSummary", Kind: awsfake.AccessDenied})
			}
			changes := converge(t, roleFor(api, "c1", strings.Repeat("z", 60), issuerA))
			if got := string(changes[0].Action); got != test.want {
				t.Fatalf("got %+v", changes)
			}
			if test.want == "blocked" {
				wantReason(t, changes, "the account allows 2048", "a role of its own")
				wantNoWrites(t, srv)
			}
		})
	}
}

// fullTrust lets in so many namespaces that no other has room in so many characters.
func fullTrust(t *testing.T, room int) trust {
	t.Helper()
	long := func(c rune) Trusted {
		return Trusted{issuerA, Subject(strings.Repeat(string(c), 60), "secret-store-sa")}
	}
	full := newTrust(awsProvider)
	for c := 'A'; document.Characters(textOf(t, full.with(long(c)))) <= room; c++ {
		full = full.with(long(c))
	}
	return full
}

func TestRoleBoundaryOfOthersStays(t *testing.T) {
	srv, api := roleAccount(t)
	boundary, err := srv.AddPolicy("boundary", readAll, nil)
	if err != nil {
		t.Fatal(err)
	}
	converge(t, roleFor(api, "c1", "a", issuerA))
	r := roleFor(api, "c1", "b", issuerA)
	r.Boundary = boundary
	changes := converge(t, r)
	if changes[0].Action != plan.Blocked {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "c1/a", boundary)

	own := roleFor(api, "c1", "a", issuerA)
	own.Boundary = boundary
	if changes := converge(t, own); actions(changes) != "update none" {
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
				srv, api := roleAccount(t)
				if action != "CreateRole" {
					converge(t, roleFor(api, "c1", "a", issuerA))
				}
				srv.Fault(awsfake.Fault{Action: "iam:" + action, Kind: kind, N: 1, Times: 1})
				r := roleFor(api, "c1", "b", issuerA)
				converge(t, r)
				wantConverged(t, srv, r)
			})
		}
	}
}

func TestRoleUnderDelayedVisibility(t *testing.T) {
	for name, flap := range map[string]bool{"late": false, "flapping": true} {
		t.Run(name, func(t *testing.T) {
			srv, api := roleAccount(t, awsfake.WithVisibilityDelay(300*time.Millisecond, flap))
			a, b := roleFor(api, "c1", "a", issuerA), roleFor(api, "c1", "b", issuerA)
			converge(t, a)
			converge(t, b)
			srv.DelayVisibility(0, false)
			for _, r := range []*Role{a, b} {
				eventually(t, func() bool { return trustNow(t, srv).holds(r.Trusted) })
			}
		})
	}
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	err := testPace().Until(t.Context(), 5*time.Second, func(context.Context) (bool, error) { return done(), nil })
	if err != nil {
		t.Error(err)
	}
}

// TestRoleWithConcurrentWriters has several namespaces enter themselves at the same time; IAM lets the last write win.
func TestRoleWithConcurrentWriters(t *testing.T) {
	srv, api := roleAccount(t)
	var group sync.WaitGroup
	namespaces := []string{"a", "b", "c", "d", "e"}
	errs := make([]error, len(namespaces))
	for i, namespace := range namespaces {
		group.Go(func() {
			r := roleFor(api, "c1", namespace, issuerA)
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
		wantConverged(t, srv, roleFor(api, "c1", namespace, issuerA))
	}
}

// TestRoleThatAnotherWriterOverwrites loses its part once, right after it was written.
func TestRoleThatAnotherWriterOverwrites(t *testing.T) {
	srv, api := roleAccount(t)
	converge(t, roleFor(api, "c1", "a", issuerA))
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
	r := roleFor(api, "c1", "b", issuerA)
	converge(t, r)
	wantConverged(t, srv, r)
}
