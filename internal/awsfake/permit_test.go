package awsfake_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// scoped is a policy such as iamsetup writes, narrowed to a prefix and with push.
const scoped = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret"],
	 "Resource":"arn:aws:secretsmanager:us-east-1:123456789012:secret:dev-*"},
	{"Effect":"Allow","Action":["secretsmanager:ListSecrets","secretsmanager:BatchGetSecretValue"],"Resource":"*"},
	{"Effect":"Allow","Action":["secretsmanager:CreateSecret","secretsmanager:TagResource"],
	 "Resource":"arn:aws:secretsmanager:us-east-1:123456789012:secret:dev-*",
	 "Condition":{"StringEquals":{"aws:RequestTag/managed-by":"external-secrets"}}},
	{"Effect":"Allow","Action":"secretsmanager:PutSecretValue",
	 "Resource":"arn:aws:secretsmanager:us-east-1:123456789012:secret:dev-*",
	 "Condition":{"StringEquals":{"secretsmanager:ResourceTag/managed-by":"external-secrets"}}},
	{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"arn:aws:kms:us-east-1:123456789012:key/1",
	 "Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.us-east-1.amazonaws.com"}}}]}`

// reader is an account with secrets, and a user who has the scoped policy.
func reader(t *testing.T) (*awsfake.Server, caller) {
	t.Helper()
	srv := awsfake.Start(t)
	c, _ := user(t, srv, "es")
	wantCode(t, srv.Attach("arn:aws:iam::123456789012:user/es", must[string](t)(srv.AddPolicy("scoped", scoped, nil))), "")
	for name, key := range map[string]string{"dev-a": "", "prod-a": "", "dev-kms": "1", "dev-other": "2"} {
		must[string](t)(srv.AddSecret(region, name, "value of "+name, key, nil))
	}
	must[string](t)(srv.AddSecret(region, "dev-ours", "x", "", map[string]string{"managed-by": "external-secrets"}))
	return srv, c
}

func TestSecretsArePermitted(t *testing.T) {
	_, c := reader(t)
	const denied = "AccessDeniedException"
	for name, want := range map[string]string{
		"dev-a": "", "prod-a": denied, "dev-kms": "", "dev-other": denied, "dev-none": "ResourceNotFoundException", "prod-none": denied,
	} {
		t.Run("read "+name, func(t *testing.T) { wantCode(t, read(t, c, name), want) })
	}
	put := func(name string) error {
		_, err := c.sm.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: aws.String("y")})
		return err
	}
	wantCode(t, put("dev-ours"), "")
	wantCode(t, put("dev-a"), denied)
	create := func(name string, tags ...types.Tag) error {
		_, err := c.sm.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("y"), Tags: tags})
		return err
	}
	mark := types.Tag{Key: aws.String("managed-by"), Value: aws.String("external-secrets")}
	wantCode(t, create("dev-new", mark), "")
	wantCode(t, create("dev-bare"), denied)
	wantCode(t, create("prod-new", mark), denied)
	_, err := c.sm.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("dev-ours")})
	wantCode(t, err, denied)
}

func TestBatchNeedsThePermissionOfEach(t *testing.T) {
	_, c := reader(t)
	out := must[*secretsmanager.BatchGetSecretValueOutput](t)(c.sm.BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{
		SecretIdList: []string{"dev-a", "prod-a", "dev-none", "dev-other"},
	}))
	var got []string
	for _, v := range out.SecretValues {
		got = append(got, *v.SecretString)
	}
	for _, e := range out.Errors {
		got = append(got, *e.SecretId+" "+*e.ErrorCode)
	}
	want := []string{"value of dev-a", "prod-a AccessDeniedException", "dev-none ResourceNotFoundException", "dev-other AccessDeniedException"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBatchByFilters also needs the permission to list.
func TestBatchByFilters(t *testing.T) {
	srv, c := reader(t)
	in := &secretsmanager.BatchGetSecretValueInput{Filters: []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{"dev-"}}}}
	var got []string
	for p := secretsmanager.NewBatchGetSecretValuePaginator(c.sm, in); p.HasMorePages(); {
		out := must[*secretsmanager.BatchGetSecretValueOutput](t)(p.NextPage(t.Context()))
		for _, v := range out.SecretValues {
			got = append(got, *v.Name)
		}
		for _, e := range out.Errors {
			got = append(got, *e.ErrorCode)
		}
	}
	if diff := cmp.Diff([]string{"dev-a", "dev-kms", "dev-ours", "AccessDeniedException"}, got); diff != "" {
		t.Error(diff)
	}
	srv.Deny("secretsmanager:ListSecrets")
	_, err := admin(srv).sm.BatchGetSecretValue(t.Context(), in)
	wantCode(t, err, "AccessDeniedException")
}

// TestCreatingWithTagsIsTagging holds in all services.
func TestCreatingWithTagsIsTagging(t *testing.T) {
	srv := awsfake.Start(t)
	srv.Deny("iam:TagUser", "iam:TagOpenIDConnectProvider", "secretsmanager:TagResource")
	c, ctx := admin(srv), t.Context()
	_, err := c.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("es"), Tags: sdkTags("a", "1")})
	wantCode(t, err, "AccessDenied")
	wantCode(t, createUser(ctx, c, "es"), "")
	_, err = c.iam.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://issuer.example.com"), Tags: sdkTags("a", "1")})
	wantCode(t, err, "AccessDenied")
	_, err = c.sm.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("x"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}})
	wantCode(t, err, "AccessDeniedException")
}

// TestKMSOfOtherPartitions has the service's name in kms:ViaService end as the partition's names do.
func TestKMSOfOtherPartitions(t *testing.T) {
	srv := awsfake.Start(t, awsfake.WithPartition("aws-cn"))
	text := strings.NewReplacer("arn:aws:", "arn:aws-cn:", "us-east-1", "cn-north-1", "amazonaws.com\"", "amazonaws.com.cn\"").Replace(scoped)
	u := must[string](t)(srv.AddUser("es", nil))
	id := must[string](t)(srv.AddKey("es"))
	wantCode(t, srv.Attach(u, must[string](t)(srv.AddPolicy("scoped", text, nil))), "")
	must[string](t)(srv.AddSecret("cn-north-1", "dev-kms", "x", "1", nil))
	wantCode(t, read(t, in("cn-north-1", srv, id, srv.SecretOf(id), ""), "dev-kms"), "")
}

func TestIAMIsDeniedByDefault(t *testing.T) {
	srv := awsfake.Start(t)
	c, _ := user(t, srv, "es")
	_, err := c.iam.GetUser(t.Context(), &iam.GetUserInput{})
	wantCode(t, err, "AccessDenied")
	if !strings.Contains(err.Error(), "User: arn:aws:iam::123456789012:user/es is not authorized to perform: iam:GetUser on resource: arn:aws:iam::123456789012:user/es") {
		t.Error(err)
	}
	must[*sts.GetCallerIdentityOutput](t)(c.sts.GetCallerIdentity(t.Context(), nil))
}

func TestPoliciesOfGroupsAndBoundaries(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:user/es"
	const self = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:username}"}}`
	srv := awsfake.Start(t)
	c, _ := user(t, srv, "es")
	a, ctx := admin(srv).iam, t.Context()
	get := func() error { _, err := c.iam.GetUser(ctx, &iam.GetUserInput{}); return err }
	must[*iam.CreateGroupOutput](t)(a.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("g")}))
	must[*iam.PutGroupPolicyOutput](t)(a.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("g"), PolicyName: aws.String("self"), PolicyDocument: aws.String(self)}))
	must[*iam.AddUserToGroupOutput](t)(a.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: aws.String("g"), UserName: aws.String("es")}))
	wantCode(t, get(), "")
	limit := must[string](t)(srv.AddPolicy("limit", readSecrets, nil))
	must[*iam.PutUserPermissionsBoundaryOutput](t)(a.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("es"), PermissionsBoundary: &limit}))
	wantCode(t, get(), "AccessDenied")
	if srv.Allowed(arn, "secretsmanager:GetSecretValue", "*", nil) {
		t.Error("a boundary gave a permission")
	}
	wantCode(t, srv.Attach(arn, limit), "")
	if !srv.Allowed(arn, "secretsmanager:GetSecretValue", "*", nil) {
		t.Error("policy and boundary together gave no permission")
	}
}

func TestDenyLimitsTheAdmin(t *testing.T) {
	srv := awsfake.Start(t)
	c := admin(srv)
	get := func() error { _, err := c.iam.GetUser(t.Context(), &iam.GetUserInput{}); return err }
	allow := srv.Deny("iam:Get*", "secretsmanager:ListSecrets")
	wantCode(t, get(), "AccessDenied")
	_, err := c.sm.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{})
	wantCode(t, err, "AccessDeniedException")
	_, err = c.iam.ListUsers(t.Context(), &iam.ListUsersInput{})
	wantCode(t, err, "")
	allow()
	wantCode(t, get(), "")
}

func TestWithoutEnforcement(t *testing.T) {
	srv := awsfake.Start(t, awsfake.WithPolicyEnforcement(false))
	c, _ := user(t, srv, "es")
	_, err := c.iam.GetUser(t.Context(), &iam.GetUserInput{})
	wantCode(t, err, "")
}
