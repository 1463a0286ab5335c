package iamsetup

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// sharedRole has a role with these owners' tags, each as "cluster/namespace" and its issuer, that lets in all of these.
func sharedRole(t *testing.T, owners map[string]string, letIn ...Trusted) (api *iam.Client, now func() trust) {
	t.Helper()
	srv, api := roleAccount(t)
	tags := map[string]string{TagManagedBy: ManagedBy}
	for owner, issuer := range owners {
		tags[TagOwner+owner] = TagValue(issuer)
	}
	policy := newTrust(awsProvider)
	for _, who := range letIn {
		policy = policy.with(who)
	}
	arn, err := srv.AddRole("shared", textOf(t, policy), tags)
	check(t, err)
	check(t, srv.Attach(arn, policyARN))
	return api, func() trust { return trustNow(t, srv) }
}

// TestTrustGoesByTheOwnersTagAlone: the record stands in a namespace, whose tenants may have it name anybody. It says where
// to look, and the tag of this owner proves.
func TestTrustGoesByTheOwnersTagAlone(t *testing.T) {
	const account = "secret-store-sa"
	mine, renamed := Trusted{issuerA, Subject("gen3", account)}, Trusted{issuerA, Subject("gen3", "before")}
	before, beforeRenamed := Trusted{issuerB, Subject("gen3", account)}, Trusted{issuerB, Subject("gen3", "before")}
	neighbour := Trusted{issuerA, Subject("other", account)}
	for name, test := range map[string]struct {
		owners map[string]string
		letIn  []Trusted // beside mine
		record []Trusted
		up     []Trusted // whom of letIn an up lets out
		down   []Trusted // whom a teardown lets out, beside mine
	}{
		"another cluster's, named by a forged record": {
			map[string]string{"c1/gen3": issuerA, "c2/gen3": issuerB}, []Trusted{before}, []Trusted{before}, nil, nil,
		},
		"another namespace's, named by a forged record": {
			map[string]string{"c1/gen3": issuerA, "c1/other": issuerA}, []Trusted{neighbour}, []Trusted{neighbour}, nil, nil,
		},
		"nobody's tag stands for it, and the record names it": {
			map[string]string{"c1/gen3": issuerA}, []Trusted{before}, []Trusted{before}, nil, nil,
		},
		"a cluster that is no more": {
			map[string]string{"c1/gen3": issuerA, "c0/gen3": issuerB}, []Trusted{before}, nil, nil, nil,
		},
		"this owner's cluster has another issuer now": {
			map[string]string{"c1/gen3": issuerB}, []Trusted{before, beforeRenamed}, nil, []Trusted{before, beforeRenamed}, []Trusted{before, beforeRenamed},
		},
		"this owner's ServiceAccount has another name now": {
			map[string]string{"c1/gen3": issuerA}, []Trusted{renamed}, []Trusted{renamed}, []Trusted{renamed}, []Trusted{renamed},
		},
		"somebody gave it to another ServiceAccount of the namespace": {
			map[string]string{"c1/gen3": issuerA}, []Trusted{renamed}, nil, nil, []Trusted{renamed},
		},
		"the cluster was built anew under its issuer": {
			map[string]string{"c1/gen3": issuerA, "c0/gen3": issuerA}, []Trusted{renamed}, []Trusted{renamed}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			role := func(api *iam.Client) *Role {
				r := roleFor(api, "c1", "gen3", issuerA)
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
			converge(t, role(api))
			wantLetIn(now(), test.up)
			if !now().holds(mine) {
				t.Error("this namespace is not let in")
			}

			owners := maps.Clone(test.owners)
			owners["c3/gen3"] = "https://oidc.example.org/another" // who keeps the role
			kept := Trusted{"https://oidc.example.org/another", mine.Subject}
			api, now = sharedRole(t, owners, append(test.letIn, mine, kept)...)
			mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			wantLetIn(now(), test.down)
		})
	}
}

// TestRebuiltClustersRoleIsRepaired: what the cluster before left is told with what removes it.
func TestRebuiltClustersRoleIsRepaired(t *testing.T) {
	srv, api := roleAccount(t)
	old, r := roleFor(api, "c1", "gen3", issuerA), roleFor(api, "c9", "gen3", issuerB)
	converge(t, old)
	converge(t, r)
	srv.ResetCalls()
	changes := converge(t, r)
	wantNoWrites(t, srv)
	wantReason(t, changes, "also lets in this ServiceAccount of "+issuerA, "`gen3-bootstrap teardown --cluster-id c1 -n gen3 --role-name shared`")
	mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	if now := trustNow(t, srv); now.holds(old.Trusted) || !now.holds(r.Trusted) {
		t.Errorf("now %s", textOf(t, now))
	}
	wantConverged(t, srv, r)
}
