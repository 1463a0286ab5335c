package awsfake_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestListPoliciesByScope(t *testing.T) {
	srv := awsfake.Start(t, awsfake.WithPageSize(100))
	c, ctx := admin(srv).iam, t.Context()
	u := must[string](t)(srv.AddUser("es", nil))
	must[string](t)(srv.AddPolicy("a", readSecrets, nil))
	wantCode(t, srv.Attach(u, must[string](t)(srv.AddPolicy("b", readSecrets, nil))), "")
	names := func(in iam.ListPoliciesInput) []string {
		var out []string
		for _, p := range must[*iam.ListPoliciesOutput](t)(c.ListPolicies(ctx, &in)).Policies {
			out = append(out, *p.PolicyName)
		}
		return out
	}
	aws3 := []string{"AdministratorAccess", "IAMReadOnlyAccess", "SecretsManagerReadWrite"}
	got := [][]string{
		names(iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}), names(iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws}),
		names(iam.ListPoliciesInput{}), names(iam.ListPoliciesInput{OnlyAttached: true}), names(iam.ListPoliciesInput{PathPrefix: aws.String("/x/")}),
	}
	want := [][]string{{"a", "b"}, aws3, {"a", "b", aws3[0], aws3[1], aws3[2]}, {"b"}, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListPolicyVersionsInOrder(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	arn := aws.String(must[string](t)(srv.AddPolicy("p", readSecrets, nil)))
	for i := range 10 { // v2 to v11, of which v10 must not come before v9
		must[*iam.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(readSecrets), SetAsDefault: true}))
		if i >= 3 && i < 9 {
			must[*iam.DeletePolicyVersionOutput](t)(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String(fmt.Sprintf("v%d", i-2))}))
		}
		if i == 8 {
			must[*iam.DeletePolicyVersionOutput](t)(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v7")}))
		}
	}
	var got []string
	for p := iam.NewListPolicyVersionsPaginator(c, &iam.ListPolicyVersionsInput{PolicyArn: arn}); p.HasMorePages(); {
		for _, v := range must[*iam.ListPolicyVersionsOutput](t)(p.NextPage(ctx)).Versions {
			got = append(got, fmt.Sprintf("%s %t", *v.VersionId, v.IsDefaultVersion))
		}
	}
	if diff := cmp.Diff([]string{"v8 false", "v9 false", "v10 false", "v11 true"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestListRolesAndTheirTags(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, r := admin(srv).iam, t.Context(), aws.String("r")
	must[string](t)(srv.AddRole("r", trustEC2, map[string]string{"a": "1"}))
	must[*iam.TagRoleOutput](t)(c.TagRole(ctx, &iam.TagRoleInput{RoleName: r, Tags: sdkTags("b", "2")}))
	must[*iam.UntagRoleOutput](t)(c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: r, TagKeys: []string{"A"}}))
	tags := must[*iam.ListRoleTagsOutput](t)(c.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r})).Tags
	if diff := cmp.Diff(map[string]string{"b": "2"}, asMap(tags)); diff != "" {
		t.Error(diff)
	}
	list := must[*iam.ListRolesOutput](t)(c.ListRoles(ctx, &iam.ListRolesInput{})).Roles
	if len(list) != 1 || *list[0].RoleName != "r" {
		t.Errorf("roles %+v", list)
	}
	who := must[*iam.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r}))
	if len(who.AttachedPolicies) != 0 {
		t.Errorf("attached %+v", who.AttachedPolicies)
	}
}

func TestProvidersChange(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	arn := aws.String(must[string](t)(srv.AddOIDCProvider("https://issuer.example.com", []string{"a", "b"}, nil)))
	must[*iam.RemoveClientIDFromOpenIDConnectProviderOutput](t)(c.RemoveClientIDFromOpenIDConnectProvider(ctx,
		&iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("a")}))
	thumbprint := "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"
	must[*iam.UpdateOpenIDConnectProviderThumbprintOutput](t)(c.UpdateOpenIDConnectProviderThumbprint(ctx,
		&iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{thumbprint}}))
	if got := srv.Snapshot()["provider/"+*arn]; got != "clients=b thumbprints="+thumbprint {
		t.Error(got)
	}
	list := must[*iam.ListOpenIDConnectProvidersOutput](t)(c.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})).OpenIDConnectProviderList
	if len(list) != 1 || *list[0].Arn != *arn {
		t.Errorf("providers %+v", list)
	}
}
