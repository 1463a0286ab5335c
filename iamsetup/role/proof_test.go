package role

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
)

// sharedRole has a role with these owners' tags, each as "cluster/namespace" and its issuer, that lets in all of these.
func sharedRole(t *testing.T, owners map[string]string, letIn ...Trusted) (api *iam.Client, now func() trust) {
	t.Helper()
	srv, api := iamtest.WithPolicy(t)
	tags := map[string]string{iamsetup.TagManagedBy: iamsetup.ManagedBy}
	for owner, issuer := range owners {
		tags[iamsetup.TagOwner+owner] = iamsetup.TagValue(issuer)
	}
	policy := newTrust(awsProvider)
	for _, who := range letIn {
		policy = policy.with(who)
	}
	arn, err := srv.AddRole("shared", textOf(t, policy), tags)
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach(arn, iamtest.PolicyARN))
	return api, func() trust { return trustNow(t, srv) }
}

// TestTrustGoesByTheOwnersTagAlone: the record stands in a namespace, whose tenants may have it name anybody. It says where
// to look, and the tag of this owner proves.
func TestTrustGoesByTheOwnersTagAlone(t *testing.T) {
	const account = "secret-store-sa"
	mine, renamed := Trusted{iamtest.IssuerA, Subject("gen3", account)}, Trusted{iamtest.IssuerA, Subject("gen3", "before")}
	before, beforeRenamed := Trusted{iamtest.IssuerB, Subject("gen3", account)}, Trusted{iamtest.IssuerB, Subject("gen3", "before")}
	neighbour := Trusted{iamtest.IssuerA, Subject("other", account)}
	for name, test := range map[string]struct {
		owners map[string]string
		letIn  []Trusted // beside mine
		record []Trusted
		up     []Trusted // whom of letIn an up lets out
		down   []Trusted // whom a teardown lets out, beside mine
	}{
		"another cluster's, named by a forged record": {
			map[string]string{"c1/gen3": iamtest.IssuerA, "c2/gen3": iamtest.IssuerB}, []Trusted{before}, []Trusted{before}, nil, nil,
		},
		"another namespace's, named by a forged record": {
			map[string]string{"c1/gen3": iamtest.IssuerA, "c1/other": iamtest.IssuerA}, []Trusted{neighbour}, []Trusted{neighbour}, nil, nil,
		},
		"nobody's tag stands for it, and the record names it": {
			map[string]string{"c1/gen3": iamtest.IssuerA}, []Trusted{before}, []Trusted{before}, nil, nil,
		},
		"a cluster that is no more": {
			map[string]string{"c1/gen3": iamtest.IssuerA, "c0/gen3": iamtest.IssuerB}, []Trusted{before}, nil, nil, nil,
		},
		"this owner's cluster has another issuer now": {
			map[string]string{"c1/gen3": iamtest.IssuerB}, []Trusted{before, beforeRenamed}, nil, []Trusted{before, beforeRenamed}, []Trusted{before, beforeRenamed},
		},
		"this owner's ServiceAccount has another name now": {
			map[string]string{"c1/gen3": iamtest.IssuerA}, []Trusted{renamed}, []Trusted{renamed}, []Trusted{renamed}, []Trusted{renamed},
		},
		"somebody gave it to another ServiceAccount of the namespace": {
			map[string]string{"c1/gen3": iamtest.IssuerA}, []Trusted{renamed}, nil, nil, []Trusted{renamed},
		},
		"the cluster was built anew under its issuer": {
			map[string]string{"c1/gen3": iamtest.IssuerA, "c0/gen3": iamtest.IssuerA}, []Trusted{renamed}, []Trusted{renamed}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			role := func(api *iam.Client) *Up {
				r := roleFor(api, "c1", "gen3", iamtest.IssuerA)
				r.Earlier = test.record
				return r
			}
			wantLetIn := func(now trust, gone []Trusted) {
				t.Helper()
				for _, who := range test.letIn {
					if now.holds(who) == slices.Contains(gone, who) {
						t.Errorf("lets in %s: %v", who, now.holds(who))
					}
				}
			}
			api, now := sharedRole(t, test.owners, append(test.letIn, mine)...)
			iamtest.Converge(t, role(api))
			wantLetIn(now(), test.up)
			if !now().holds(mine) {
				t.Error("this namespace is not let in")
			}

			owners := maps.Clone(test.owners)
			owners["c3/gen3"] = "https://oidc.example.org/another" // who keeps the role
			kept := Trusted{"https://oidc.example.org/another", mine.Subject}
			api, now = sharedRole(t, owners, append(test.letIn, mine, kept)...)
			iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			wantLetIn(now(), test.down)
		})
	}
}

// TestRebuiltClustersRoleIsRepaired: what the cluster before left is told with what removes it.
func TestRebuiltClustersRoleIsRepaired(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	old, r := roleFor(api, "c1", "gen3", iamtest.IssuerA), roleFor(api, "c9", "gen3", iamtest.IssuerB)
	iamtest.Converge(t, old)
	iamtest.Converge(t, r)
	srv.ResetCalls()
	changes := iamtest.Converge(t, r)
	iamtest.WantNoWrites(t, srv)
	iamtest.WantReason(t, changes, "also lets in this ServiceAccount of "+iamtest.IssuerA, "`gen3-bootstrap teardown --cluster-id c1 -n gen3 --role-name shared`")
	iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	if now := trustNow(t, srv); now.holds(old.Trusted) || !now.holds(r.Trusted) {
		t.Errorf("now %s", textOf(t, now))
	}
	wantConverged(t, srv, r)
}
