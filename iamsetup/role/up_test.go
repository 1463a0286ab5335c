package role

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/document"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// roleFor is the step of one namespace of one cluster; the account has the policy.
func roleFor(api *iam.Client, cluster, namespace, issuer string) *Up {
	return &Up{
		Up:       principal.Up{Up: iamtest.Making(api, cluster, namespace), Path: "/gen3/", PolicyARN: iamtest.PolicyARN},
		RoleName: "shared", Trusted: Trusted{issuer, Subject(namespace, "secret-store-sa")},
	}
}

// trustNow is the trust policy that the account has.
func trustNow(t *testing.T, srv *awsfake.Server) trust {
	t.Helper()
	return trustOf(t, srv.Snapshot()["role/shared/trust"])
}

func wantConverged(t *testing.T, srv *awsfake.Server, r *Up) {
	t.Helper()
	srv.ResetCalls()
	if changes := iamtest.Converge(t, r); iamtest.Actions(changes) != "none none" {
		t.Errorf("not converged: %+v", changes)
	}
	iamtest.WantNoWrites(t, srv)
}

func TestRoleFromNothing(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	boundary, err := srv.AddPolicy("boundary", iamtest.ReadAll, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := roleFor(api, "c1", "gen3", iamtest.IssuerA)
	r.Boundary, r.Tags = boundary, map[string]string{"team": "data"}
	if changes := iamtest.Converge(t, r); iamtest.Actions(changes) != "create create" {
		t.Fatalf("got %+v", changes)
	}
	if r.ARN() != "arn:aws:iam::123456789012:role/gen3/shared" {
		t.Errorf("ARN %s", r.ARN())
	}
	made := srv.Snapshot()
	for key, want := range map[string]string{
		"role/shared/tag/managed-by":                   "gen3-bootstrap",
		"role/shared/tag/gen3-bootstrap/owner/c1/gen3": iamtest.IssuerA,
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
	srv, api := iamtest.WithPolicy(t)
	for _, issuer := range []string{iamtest.IssuerA, iamtest.IssuerB} {
		if _, err := srv.AddOIDCProvider(issuer, []string{oidcprovider.Audience}, nil); err != nil {
			t.Fatal(err)
		}
	}
	all := []*Up{roleFor(api, "c1", "a", iamtest.IssuerA), roleFor(api, "c1", "b", iamtest.IssuerA), roleFor(api, "c2", "a", iamtest.IssuerB)}
	for _, r := range all {
		iamtest.Converge(t, r)
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
	changes := iamtest.Converge(t, all[2])
	iamtest.WantReason(t, changes, "also lets in this ServiceAccount of "+iamtest.IssuerA)
}

func TestRoleKeepsForeignStatements(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	before := `{"Version":"2012-10-17","Statement":[` + foreignStatements + `]}`
	if _, err := srv.AddRole("shared", before, map[string]string{iamsetup.TagManagedBy: iamsetup.ManagedBy}); err != nil {
		t.Fatal(err)
	}
	r := roleFor(api, "c1", "gen3", iamtest.IssuerA)
	changes := iamtest.Converge(t, r)
	if iamtest.Actions(changes) != "update create" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "does not let in system:serviceaccount:gen3:secret-store-sa of issuer "+iamtest.IssuerA)
	now := trustNow(t, srv)
	if same, err := document.SameMeaning(textOf(t, now.without(r.Trusted)), before); err != nil || !same || !now.holds(r.Trusted) {
		t.Errorf("now %s (%v)", textOf(t, now), err)
	}
	wantConverged(t, srv, r)
}

func TestRoleWhoseIssuerChanges(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	old := roleFor(api, "c1", "gen3", iamtest.IssuerA)
	iamtest.Converge(t, old)
	id := srv.Snapshot()["role/shared"]
	r := roleFor(api, "c1", "gen3", iamtest.IssuerB)
	changes := iamtest.Converge(t, r)
	if iamtest.Actions(changes) != "update none" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "still lets in "+old.Trusted.String(), "does not let in "+r.Trusted.String())
	now := trustNow(t, srv)
	if !now.holds(r.Trusted) || now.holds(old.Trusted) || len(now.statements) != 1 {
		t.Errorf("now %s", textOf(t, now))
	}
	if made := srv.Snapshot(); made["role/shared"] != id || made["role/shared/tag/"+iamsetup.TagOwner+"c1/gen3"] != iamtest.IssuerB {
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
			srv, api := iamtest.WithPolicy(t)
			before := srv.Snapshot()
			begun := func() *Up {
				iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
				srv.ResetCalls()
				srv.Fault(fault)
				r := roleFor(api, "c1", "gen3", iamtest.IssuerB)
				_, err := r.Observe(t.Context())
				iamtest.Check(t, err)
				iamtest.WantError(t, r.Apply(t.Context(), event.Discard), "AccessDenied")
				return r
			}
			r := begun()
			iamtest.Converge(t, r)
			if now := trustNow(t, srv); !now.holds(r.Trusted) || len(now.statements) != 1 {
				t.Errorf("now %s", textOf(t, now))
			}
			wantConverged(t, srv, r)
			iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			begun()
			iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			iamtest.WantSnapshot(t, srv, before)
		})
	}
}

// TestRoleKeepsAStatementThatNobodysTagStandsFor: Terraform may set up the second of two clusters before its provider.
func TestRoleKeepsAStatementThatNobodysTagStandsFor(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	r := roleFor(api, "c1", "gen3", iamtest.IssuerA)
	iamtest.Converge(t, r)
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
	srv, api := iamtest.WithPolicy(t)
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	r := roleFor(api, "c1", "gen3", iamtest.IssuerA)
	r.Earlier = []Trusted{r.Trusted}
	r.Trusted.Subject = Subject("gen3", "another-sa")
	iamtest.Converge(t, r)
	if now := trustNow(t, srv); now.holds(r.Earlier[0]) || !now.holds(r.Trusted) {
		t.Errorf("now %s", textOf(t, now))
	}
	wantConverged(t, srv, r)
}

func TestRoleOfSomebodyElse(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	arn, err := srv.AddRole("shared", `{"Version":"2012-10-17","Statement":[`+foreignStatements+`]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := roleFor(api, "c1", "gen3", iamtest.IssuerA)
	changes := iamtest.Converge(t, r)
	if iamtest.Actions(changes) != "blocked blocked" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, arn, "does not let in", "is not attached to it", "--adopt", "--role-name")
	iamtest.WantNoWrites(t, srv)

	fits := roleFor(api, "c1", "other", iamtest.IssuerA)
	if err := srv.Attach(arn, r.PolicyARN); err != nil {
		t.Fatal(err)
	}
	if changes := iamtest.Converge(t, fits); iamtest.Actions(changes) != "none none" {
		t.Errorf("a role that is up to date: %+v", changes)
	}
	iamtest.WantNoWrites(t, srv)

	r.Adopt = true
	if changes := iamtest.Converge(t, r); iamtest.Actions(changes) != "adopt none" {
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
			srv, api := iamtest.WithPolicy(t, awsfake.WithTrustQuota(test.quota))
			if _, err := srv.AddRole("shared", textOf(t, fullTrust(t, test.have)), map[string]string{iamsetup.TagManagedBy: iamsetup.ManagedBy}); err != nil {
				t.Fatal(err)
			}
			if test.denied {
				srv.Fault(awsfake.Fault{Action: "GetAccountSummary", Kind: awsfake.AccessDenied})
			}
			changes := iamtest.Converge(t, roleFor(api, "c1", strings.Repeat("z", 60), iamtest.IssuerA))
			if got := string(changes[0].Action); got != test.want {
				t.Fatalf("got %+v", changes)
			}
			if test.want == "blocked" {
				iamtest.WantReason(t, changes, "the account allows 2048", "a role of its own")
				iamtest.WantNoWrites(t, srv)
			}
		})
	}
}

// fullTrust lets in so many namespaces that no other has room in so many characters.
func fullTrust(t *testing.T, room int) trust {
	t.Helper()
	long := func(c rune) Trusted {
		return Trusted{iamtest.IssuerA, Subject(strings.Repeat(string(c), 60), "secret-store-sa")}
	}
	full := newTrust(awsProvider)
	for c := 'A'; document.Characters(textOf(t, full.with(long(c)))) <= room; c++ {
		full = full.with(long(c))
	}
	return full
}
