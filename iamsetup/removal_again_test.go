package iamsetup

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// planned has the removals plan, as a run does long before it comes to each of them.
func planned(t *testing.T, want string, all ...remover) {
	t.Helper()
	var changes []plan.Change
	for _, r := range all {
		c, err := r.PlanDestroy(t.Context())
		check(t, err)
		changes = append(changes, c...)
	}
	if actions(changes) != want {
		t.Fatalf("planned %+v", changes)
	}
}

func carryOut(t *testing.T, all ...remover) {
	t.Helper()
	for _, r := range all {
		check(t, r.Destroy(t.Context(), event.Discard))
	}
}

func TestUserThatAnotherOwnerTakesMeanwhile(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	planned(t, "delete delete delete", key, user, policy)
	other := Tags{TagOwner + "c2/gen3": ""}.List()
	_, err := api.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: other})
	check(t, err)
	_, err = api.TagPolicy(t.Context(), &iam.TagPolicyInput{PolicyArn: aws.String(policyARN), Tags: other})
	check(t, err)
	carryOut(t, key, user, policy)
	left := srv.Snapshot()
	for _, name := range []string{"user/es", "user/es/tag/" + TagOwner + "c2/gen3", "user/es/attached/" + policyARN} {
		if _, ok := left[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
	if _, ok := left["user/es/tag/"+TagOwner+"c1/gen3"]; ok {
		t.Error("the tag of the owner that left is still there")
	}
}

func TestUserThatSomebodyElseTakesOverMeanwhile(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
	planned(t, "delete delete delete", key, user, policy)
	_, err := api.UntagUser(t.Context(), &iam.UntagUserInput{UserName: aws.String("es"), TagKeys: []string{TagManagedBy}})
	check(t, err)
	carryOut(t, key, user, policy)
	if _, ok := srv.Snapshot()["user/es/attached/"+policyARN]; !ok {
		t.Error("a user without our mark was changed")
	}
}

func TestRoleThatAnotherOwnerTakesMeanwhile(t *testing.T) {
	srv, api := roleAccount(t)
	converge(t, roleFor(api, "c1", "a", issuerA))
	r := roleRemovalFor(api, "c1", "a")
	planned(t, "delete", r)
	other := roleFor(api, "c1", "b", issuerA)
	converge(t, other)
	carryOut(t, r)
	wantConverged(t, srv, other)
	if trustNow(t, srv).holds(Trusted{issuerA, Subject("a", "secret-store-sa")}) {
		t.Error("the namespace that left is still let in")
	}
}

func TestProviderThatAnotherOwnerTakesMeanwhile(t *testing.T) {
	srv, api := fakeAccount(t)
	arn, err := srv.AddOIDCProvider(issuerA, []string{audience}, Tags{TagManagedBy: ManagedBy, TagOwner + "c1/a": ""})
	check(t, err)
	p := &ProviderRemoval{Removal: removal(api, "c1", "a"), Issuer: issuerA, Delete: true}
	planned(t, "delete", p)
	_, err = api.TagOpenIDConnectProvider(t.Context(), &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, Tags: Tags{TagOwner + "c1/b": ""}.List()})
	check(t, err)
	carryOut(t, p)
	if left := srv.Snapshot(); left["provider/"+arn] == "" || len(trustTagsOf(left, arn)) != 2 {
		t.Errorf("left: %v", left)
	}
}
