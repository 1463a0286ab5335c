package role

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// roleRemovalFor is the counterpart of roleFor. Whom it lets in, the owner's tag says.
func roleRemovalFor(api *iam.Client, cluster, namespace string) *Removal {
	return &Removal{
		Removal: iamtest.Removing(api, cluster, namespace), RoleName: "shared", Policies: []string{iamtest.PolicyARN},
	}
}

func TestRoleGoesWithItsLastOwner(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	for _, issuer := range []string{iamtest.IssuerA, iamtest.IssuerB} {
		_, err := srv.AddOIDCProvider(issuer, []string{oidcprovider.Audience}, nil)
		iamtest.Check(t, err)
	}
	before := srv.Snapshot()
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	one := srv.Snapshot()
	iamtest.Converge(t, roleFor(api, "c1", "other", iamtest.IssuerA))
	iamtest.Converge(t, roleFor(api, "c2", "gen3", iamtest.IssuerB))

	iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "other"))
	wantConverged(t, srv, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	wantConverged(t, srv, roleFor(api, "c2", "gen3", iamtest.IssuerB))
	iamtest.MustDestroy(t, roleRemovalFor(api, "c2", "gen3"))
	iamtest.WantSnapshot(t, srv, one)
	iamtest.MustDestroy(t, roleRemovalFor(api, "c2", "gen3")) // again: it is another's
	iamtest.WantSnapshot(t, srv, one)
	iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	iamtest.WantSnapshot(t, srv, before)
}

// TestRoleIsNotLeftOpen: another owner's tag keeps the role, and no empty trust policy can be written, so that this
// namespace would stay let in by a role that teardown had called done.
func TestRoleIsNotLeftOpen(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	before := srv.Snapshot()
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	iamtest.Converge(t, roleFor(api, "c2", "gen3", iamtest.IssuerB))
	letOut(t, srv, api, Trusted{iamtest.IssuerA, Subject("gen3", "secret-store-sa")}) // and its tag stays
	was := srv.Snapshot()
	planned, err := roleRemovalFor(api, "c2", "gen3").PlanDestroy(t.Context())
	iamtest.Check(t, err)
	if iamtest.Actions(planned) != "blocked" {
		t.Fatalf("got %+v", planned)
	}
	iamtest.WantReason(t, planned, "lets in nobody but this namespace", "`gen3-bootstrap teardown --cluster-id c1 -n gen3 --role-name shared`")
	_, err = iamtest.Destroy(t, roleRemovalFor(api, "c2", "gen3"))
	iamtest.WantError(t, err, "lets in nobody but this namespace")
	iamtest.WantSnapshot(t, srv, was)
	iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	iamtest.MustDestroy(t, roleRemovalFor(api, "c2", "gen3"))
	iamtest.WantSnapshot(t, srv, before)
}

// letOut takes one out of the role's trust policy, as somebody else would.
func letOut(t *testing.T, srv *awsfake.Server, api *iam.Client, who Trusted) {
	t.Helper()
	document := textOf(t, trustNow(t, srv).without(who))
	_, err := api.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("shared"), PolicyDocument: &document})
	iamtest.Check(t, err)
}

// TestRoleWaitsForOwnersWhoAreLeaving: whoever goes at the same time takes his tag off after his part of the trust policy.
func TestRoleWaitsForOwnersWhoAreLeaving(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	_, err := srv.AddOIDCProvider(iamtest.IssuerA, []string{oidcprovider.Audience}, nil)
	iamtest.Check(t, err)
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	iamtest.Converge(t, roleFor(api, "c2", "gen3", iamtest.IssuerB))
	letOut(t, srv, api, Trusted{iamtest.IssuerA, Subject("gen3", "secret-store-sa")})
	r := roleRemovalFor(api, "c2", "gen3")
	waiting := event.SinkFunc(func(e event.Event) {
		if e.Type == event.Waiting && strings.Contains(e.Message, "c1/gen3") {
			_, err := api.UntagRole(context.Background(), &iam.UntagRoleInput{RoleName: aws.String("shared"), TagKeys: []string{iamsetup.TagOwner + "c1/gen3"}})
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
	srv, api := iamtest.WithPolicy(t)
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	foreign := `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`
	document, err := trustNow(t, srv).JSON()
	iamtest.Check(t, err)
	document = strings.Replace(document, `"Statement":[`, `"Statement":[`+foreign+`,`, 1)
	_, err = api.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("shared"), PolicyDocument: &document})
	iamtest.Check(t, err)
	r := roleRemovalFor(api, "c1", "gen3")
	iamtest.MustDestroy(t, r)
	if now := trustNow(t, srv); len(now.statements) != 1 || string(now.statements[0]) != foreign {
		t.Errorf("trust policy %s", now.statements)
	}
	if len(r.Warnings()) != 1 || strings.Contains(strings.Join(trustTags(srv), " "), "owner") {
		t.Errorf("warnings %q, tags %v", r.Warnings(), trustTags(srv))
	}
	left := srv.Snapshot()
	iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
	iamtest.WantSnapshot(t, srv, left)
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
	srv, api := iamtest.WithPolicy(t)
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	_, err := api.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("shared"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(iamtest.ReadAll)})
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach("arn:aws:iam::"+iamtest.AccountID+":role/gen3/shared", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
	before := srv.Snapshot()
	r := roleRemovalFor(api, "c1", "gen3")
	if _, err := iamtest.Destroy(t, r); err == nil || r.Judged()[0].Action != plan.Blocked {
		t.Fatalf("%v, %+v", err, r.Judged()[0])
	}
	iamtest.WantReason(t, r.Judged(), "aws iam delete-role-policy --role-name shared --policy-name inline", "aws iam detach-role-policy --role-name shared --policy-arn arn:aws:iam::aws:policy/IAMReadOnlyAccess")
	iamtest.WantSnapshot(t, srv, before)
	if _, h := r.Bearer(); h != iamsetup.HoldStuck {
		t.Errorf("hold %d", h)
	}
}

func TestRoleRemovalUnderLagAndLostReplies(t *testing.T) {
	for _, action := range []string{"", "UpdateAssumeRolePolicy", "UntagRole", "DetachRolePolicy", "DeleteRole"} {
		t.Run(action, func(t *testing.T) {
			srv, api := iamtest.WithPolicy(t)
			for _, issuer := range []string{iamtest.IssuerA, iamtest.IssuerB} {
				_, err := srv.AddOIDCProvider(issuer, []string{oidcprovider.Audience}, nil)
				iamtest.Check(t, err)
			}
			before := srv.Snapshot()
			iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
			iamtest.Converge(t, roleFor(api, "c2", "gen3", iamtest.IssuerB))
			if action == "" {
				srv.DelayVisibility(300*time.Millisecond, true)
			} else {
				srv.Fault(awsfake.Fault{Action: action, N: 1, Times: 1, Kind: awsfake.LostReply5xx})
			}
			iamtest.MustDestroy(t, roleRemovalFor(api, "c1", "gen3"))
			if action == "" {
				<-time.After(400 * time.Millisecond) // the next one is another day
			}
			iamtest.MustDestroy(t, roleRemovalFor(api, "c2", "gen3"))
			iamtest.WantSnapshot(t, srv, before)
		})
	}
}

// TestHalfARemovalIsTold: the policy is off the role when its deletion is refused, and "nothing was written" would be untrue.
func TestHalfARemovalIsTold(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	iamtest.Converge(t, roleFor(api, "c1", "gen3", iamtest.IssuerA))
	srv.Fault(awsfake.Fault{Action: "DeleteRole", Kind: awsfake.AccessDenied})
	made, err := iamtest.Destroy(t, roleRemovalFor(api, "c1", "gen3"))
	iamtest.WantError(t, err, "delete IAM role shared")
	if iamtest.Actions(made) != "update" {
		t.Fatalf("made %+v", made)
	}
	iamtest.WantReason(t, made, "done in part")
}

func TestRoleThatAnotherOwnerTakesMeanwhile(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	iamtest.Converge(t, roleFor(api, "c1", "a", iamtest.IssuerA))
	r := roleRemovalFor(api, "c1", "a")
	iamtest.WantPlan(t, "delete", r)
	other := roleFor(api, "c1", "b", iamtest.IssuerA)
	iamtest.Converge(t, other)
	iamtest.CarryOut(t, r)
	wantConverged(t, srv, other)
	if trustNow(t, srv).holds(Trusted{iamtest.IssuerA, Subject("a", "secret-store-sa")}) {
		t.Error("the namespace that left is still let in")
	}
}
