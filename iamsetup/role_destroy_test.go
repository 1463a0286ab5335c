package iamsetup

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// roleRemovalFor is the counterpart of roleFor. Whom it lets in, the owner's tag says.
func roleRemovalFor(api *iam.Client, cluster, namespace string) *RoleRemoval {
	return &RoleRemoval{
		Removal: removal(api, cluster, namespace), RoleName: "shared", Policies: []string{policyARN},
	}
}

func TestRoleGoesWithItsLastOwner(t *testing.T) {
	srv, api := roleAccount(t)
	for _, issuer := range []string{issuerA, issuerB} {
		_, err := srv.AddOIDCProvider(issuer, []string{audience}, nil)
		check(t, err)
	}
	before := srv.Snapshot()
	converge(t, roleFor(api, "c1", "gen3", issuerA))
	one := srv.Snapshot()
	converge(t, roleFor(api, "c1", "other", issuerA))
	converge(t, roleFor(api, "c2", "gen3", issuerB))

	mustDestroy(t, roleRemovalFor(api, "c1", "other"))
	wantConverged(t, srv, roleFor(api, "c1", "gen3", issuerA))
	wantConverged(t, srv, roleFor(api, "c2", "gen3", issuerB))
	mustDestroy(t, roleRemovalFor(api, "c2", "gen3"))
	wantSnapshot(t, srv, one)
	mustDestroy(t, roleRemovalFor(api, "c2", "gen3")) // again: it is another's
	wantSnapshot(t, srv, one)
	mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	wantSnapshot(t, srv, before)
}

// TestRoleIsNotLeftOpen: another owner's tag keeps the role, and no empty trust policy can be written, so that this
// namespace would stay let in by a role that teardown had called done.
func TestRoleIsNotLeftOpen(t *testing.T) {
	srv, api := roleAccount(t)
	before := srv.Snapshot()
	converge(t, roleFor(api, "c1", "gen3", issuerA))
	converge(t, roleFor(api, "c2", "gen3", issuerB))
	letOut(t, srv, api, Trusted{issuerA, Subject("gen3", "secret-store-sa")}) // and its tag stays
	was := srv.Snapshot()
	planned, err := roleRemovalFor(api, "c2", "gen3").PlanDestroy(t.Context())
	check(t, err)
	if actions(planned) != "blocked" {
		t.Fatalf("got %+v", planned)
	}
	wantReason(t, planned, "lets in nobody but this namespace", "`gen3-bootstrap teardown --cluster-id c1 -n gen3 --role-name shared`")
	_, err = destroy(t, roleRemovalFor(api, "c2", "gen3"))
	wantError(t, err, "lets in nobody but this namespace")
	wantSnapshot(t, srv, was)
	mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	mustDestroy(t, roleRemovalFor(api, "c2", "gen3"))
	wantSnapshot(t, srv, before)
}

// letOut takes one out of the role's trust policy, as somebody else would.
func letOut(t *testing.T, srv *awsfake.Server, api *iam.Client, who Trusted) {
	t.Helper()
	document := textOf(t, trustNow(t, srv).without(who))
	_, err := api.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("shared"), PolicyDocument: &document})
	check(t, err)
}

// TestRoleWaitsForOwnersWhoAreLeaving: whoever goes at the same time takes his tag off after his part of the trust policy.
func TestRoleWaitsForOwnersWhoAreLeaving(t *testing.T) {
	srv, api := roleAccount(t)
	_, err := srv.AddOIDCProvider(issuerA, []string{audience}, nil)
	check(t, err)
	converge(t, roleFor(api, "c1", "gen3", issuerA))
	converge(t, roleFor(api, "c2", "gen3", issuerB))
	letOut(t, srv, api, Trusted{issuerA, Subject("gen3", "secret-store-sa")})
	r := roleRemovalFor(api, "c2", "gen3")
	waiting := event.SinkFunc(func(e event.Event) {
		if e.Type == event.Waiting && strings.Contains(e.Message, "c1/gen3") {
			_, err := api.UntagRole(context.Background(), &iam.UntagRoleInput{RoleName: aws.String("shared"), TagKeys: []string{TagOwner + "c1/gen3"}})
			if err != nil {
				t.Error(err)
			}
		}
	})
	if err := r.Destroy(t.Context(), waiting); err != nil {
		t.Error(err)
	}
	if _, left := srv.Snapshot()["role/shared"]; left {
		t.Error("the role is left")
	}
}

func TestRoleThatLetsInOthers(t *testing.T) {
	srv, api := roleAccount(t)
	converge(t, roleFor(api, "c1", "gen3", issuerA))
	foreign := `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`
	document, err := trustNow(t, srv).JSON()
	check(t, err)
	document = strings.Replace(document, `"Statement":[`, `"Statement":[`+foreign+`,`, 1)
	_, err = api.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("shared"), PolicyDocument: &document})
	check(t, err)
	r := roleRemovalFor(api, "c1", "gen3")
	mustDestroy(t, r)
	if now := trustNow(t, srv); len(now.statements) != 1 || string(now.statements[0]) != foreign {
		t.Errorf("trust policy %s", now.statements)
	}
	if len(r.Warnings()) != 1 || strings.Contains(strings.Join(trustTags(srv), " "), "owner") {
		t.Errorf("warnings %q, tags %v", r.Warnings(), trustTags(srv))
	}
	left := srv.Snapshot()
	mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	wantSnapshot(t, srv, left)
}

func trustTags(srv *awsfake.Server) []string {
	var out []string
	for key := range srv.Snapshot() {
		if tag, ok := strings.CutPrefix(key, "role/shared/tag/"); ok {
			out = append(out, tag)
		}
	}
	return out
}

func TestRoleWithThingsAddedByHand(t *testing.T) {
	srv, api := roleAccount(t)
	converge(t, roleFor(api, "c1", "gen3", issuerA))
	_, err := api.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("shared"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(readAll)})
	check(t, err)
	check(t, srv.Attach("arn:aws:iam::"+testAccount+":role/gen3/shared", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
	before := srv.Snapshot()
	r := roleRemovalFor(api, "c1", "gen3")
	if _, err := destroy(t, r); err == nil || r.Judged()[0].Action != plan.Blocked {
		t.Fatalf("%v, %+v", err, r.Judged()[0])
	}
	wantReason(t, r.Judged(), "aws iam delete-role-policy --role-name shared --policy-name inline", "aws iam detach-role-policy --role-name shared --policy-arn arn:aws:iam::aws:policy/IAMReadOnlyAccess")
	wantSnapshot(t, srv, before)
	if _, h := r.Bearer(); h != HoldStuck {
		t.Errorf("hold %d", h)
	}
}

func TestRoleRemovalUnderLagAndLostReplies(t *testing.T) {
	for _, action := range []string{"", "UpdateAssumeRolePolicy", "UntagRole", "DetachRolePolicy", "DeleteRole"} {
		t.Run(action, func(t *testing.T) {
			srv, api := roleAccount(t)
			for _, issuer := range []string{issuerA, issuerB} {
				_, err := srv.AddOIDCProvider(issuer, []string{audience}, nil)
				check(t, err)
			}
			before := srv.Snapshot()
			converge(t, roleFor(api, "c1", "gen3", issuerA))
			converge(t, roleFor(api, "c2", "gen3", issuerB))
			if action == "" {
				srv.DelayVisibility(300*time.Millisecond, true)
			} else {
				srv.Fault(awsfake.Fault{Action: action, N: 1, Times: 1, Kind: awsfake.LostReply5xx})
			}
			mustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			if action == "" {
				<-time.After(400 * time.Millisecond) // the next one is another day
			}
			mustDestroy(t, roleRemovalFor(api, "c2", "gen3"))
			wantSnapshot(t, srv, before)
		})
	}
}

// TestHalfARemovalIsTold: the policy is off the role when its deletion is refused, and "nothing was written" would be untrue.
func TestHalfARemovalIsTold(t *testing.T) {
	srv, api := roleAccount(t)
	converge(t, roleFor(api, "c1", "gen3", issuerA))
	srv.Fault(awsfake.Fault{Action: "DeleteRole", Kind: awsfake.AccessDenied})
	made, err := destroy(t, roleRemovalFor(api, "c1", "gen3"))
	wantError(t, err, "delete IAM role shared")
	if actions(made) != "update" {
		t.Fatalf("made %+v", made)
	}
	wantReason(t, made, "done in part")
}

func TestProviderRemoval(t *testing.T) {
	srv, api := fakeAccount(t)
	tags := map[string]string{TagManagedBy: ManagedBy, TagOwner + "c1/gen3": "", TagOwner + "c1/other": ""}
	arn, err := srv.AddOIDCProvider(issuerA, []string{audience}, tags)
	check(t, err)
	provider := func(namespace string, del bool) *ProviderRemoval {
		return &ProviderRemoval{Removal: removal(api, "c1", namespace), Issuer: issuerA, Delete: del}
	}
	mustDestroy(t, provider("other", true))
	if left := srv.Snapshot(); left["provider/"+arn] == "" || len(trustTagsOf(left, arn)) != 2 {
		t.Errorf("left: %v", left)
	}
	mustDestroy(t, provider("gen3", false))
	if left := srv.Snapshot(); left["provider/"+arn] == "" || len(trustTagsOf(left, arn)) != 1 {
		t.Errorf("left: %v", left)
	}
	if made := mustDestroy(t, provider("gen3", false)); len(made) > 0 {
		t.Errorf("made %v", made)
	}
	mustDestroy(t, provider("gen3", true))
	wantSnapshot(t, srv, nil)
	mustDestroy(t, provider("gen3", true))
	_, err = srv.AddOIDCProvider(issuerA, []string{audience}, nil)
	check(t, err)
	if made := mustDestroy(t, provider("gen3", true)); len(made) > 0 {
		t.Errorf("a foreign provider: %v", made)
	}
}

func trustTagsOf(left map[string]string, arn string) []string {
	var out []string
	for key := range left {
		if tag, ok := strings.CutPrefix(key, "provider/"+arn+"/tag/"); ok {
			out = append(out, tag)
		}
	}
	return out
}
