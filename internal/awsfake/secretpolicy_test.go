package awsfake_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// refusedAs compares code and text with AWS's.
func refusedAs(t *testing.T, err error, code, text string) {
	t.Helper()
	wantCode(t, err, code)
	if err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("it says %q, not %q", err, text)
	}
}

func attach(t *testing.T, srv *awsfake.Server, doc string) {
	t.Helper()
	must[*iam.PutUserPolicyOutput](t)(admin(srv).iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("eso"), PolicyName: aws.String("p"), PolicyDocument: &doc}))
}

func putPolicy(t *testing.T, c caller, name, doc string) error {
	t.Helper()
	_, err := c.sm.PutResourcePolicy(t.Context(), &secretsmanager.PutResourcePolicyInput{SecretId: &name, ResourcePolicy: &doc, BlockPublicPolicy: aws.Bool(true)})
	return err
}

// TestSecretsHavePoliciesOfTheirOwn: a Deny outweighs all, also for the admin; an Allow that names a user is enough for him.
func TestSecretsHavePoliciesOfTheirOwn(t *testing.T) {
	srv := awsfake.Start(t)
	u, _ := user(t, srv, "eso")
	must[string](t)(srv.AddSecret(region, "s", "x", "", nil))
	statement := func(effect, principal string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"secretsmanager:GetSecretValue","Resource":"*"}}`
	}
	const me, account = `{"AWS":"arn:aws:iam::123456789012:user/eso"}`, `{"AWS":"arn:aws:iam::123456789012:root"}`
	denied := func(why string) {
		t.Helper()
		refusedAs(t, read(t, u, "s"), "AccessDeniedException", "is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:s-")
		refusedAs(t, read(t, u, "s"), "AccessDeniedException", why)
	}
	denied("because no identity-based policy allows the secretsmanager:GetSecretValue action")
	wantCode(t, putPolicy(t, admin(srv), "s", statement("Allow", account)), "")
	denied("because no identity-based policy allows")
	wantCode(t, putPolicy(t, admin(srv), "s", statement("Allow", me)), "")
	wantCode(t, read(t, u, "s"), "")
	attach(t, srv, readSecrets)
	wantCode(t, putPolicy(t, admin(srv), "s", statement("Deny", account)), "")
	denied("with an explicit deny in a resource-based policy")
	refusedAs(t, read(t, admin(srv), "s"), "AccessDeniedException", "with an explicit deny in a resource-based policy")
	got := must[*secretsmanager.GetResourcePolicyOutput](t)(admin(srv).sm.GetResourcePolicy(t.Context(), &secretsmanager.GetResourcePolicyInput{SecretId: aws.String("s")}))
	if aws.ToString(got.ResourcePolicy) != statement("Deny", account) {
		t.Errorf("policy %s", aws.ToString(got.ResourcePolicy))
	}
	must[*secretsmanager.DeleteResourcePolicyOutput](t)(admin(srv).sm.DeleteResourcePolicy(t.Context(), &secretsmanager.DeleteResourcePolicyInput{SecretId: aws.String("s")}))
	wantCode(t, read(t, u, "s"), "")

	wantCode(t, putPolicy(t, admin(srv), "s", statement("Allow", `"*"`)), "PublicPolicyException")
	wantCode(t, putPolicy(t, admin(srv), "s", readSecrets), "MalformedPolicyDocumentException")
	wantCode(t, putPolicy(t, admin(srv), "none", statement("Deny", account)), "ResourceNotFoundException")
}

// TestRefusalsNameWhoRefused: what does not exist is named as it was asked for.
func TestRefusalsNameWhoRefused(t *testing.T) {
	srv := awsfake.Start(t)
	u, id := user(t, srv, "eso")
	must[string](t)(srv.AddSecret(region, "s", "x", "", nil))
	refusedAs(t, read(t, u, "none"), "AccessDeniedException", "User: arn:aws:iam::123456789012:user/eso is not authorized to perform: secretsmanager:GetSecretValue on resource: none because no identity-based policy allows")
	attach(t, srv, readSecrets)
	refusedAs(t, read(t, u, "none"), "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	_, err := u.sm.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("s"), VersionStage: aws.String("AWSPENDING")})
	refusedAs(t, err, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSPENDING")
	attach(t, srv, strings.Replace(readSecrets, "Allow", "Deny", 1))
	refusedAs(t, read(t, u, "s"), "AccessDeniedException", "with an explicit deny in an identity-based policy")

	attach(t, srv, readSecrets)
	for name, doc := range map[string]string{
		"because no permissions boundary allows the secretsmanager:GetSecretValue action": strings.Replace(readSecrets, "GetSecretValue", "ListSecrets", 1),
		"with an explicit deny in a permissions boundary":                                 strings.Replace(readSecrets, "Allow", "Deny", 1),
	} {
		made := must[*iam.CreatePolicyOutput](t)(admin(srv).iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("b" + name[:4]), PolicyDocument: &doc}))
		must[*iam.PutUserPermissionsBoundaryOutput](t)(admin(srv).iam.PutUserPermissionsBoundary(t.Context(), &iam.PutUserPermissionsBoundaryInput{UserName: aws.String("eso"), PermissionsBoundary: made.Policy.Arn}))
		refusedAs(t, read(t, u, "s"), "AccessDeniedException", name)
	}
	refusedAs(t, read(t, as(srv, id, "wrong", ""), "s"), "InvalidSignatureException", "Check your AWS Secret Access Key and signing method")
	must[*iam.UpdateAccessKeyOutput](t)(admin(srv).iam.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("eso"), AccessKeyId: &id, Status: "Inactive"}))
	refusedAs(t, read(t, u, "s"), "UnrecognizedClientException", "The security token included in the request is invalid.")
}

// TestKMSRefusesThroughSecretsManager: a customer's key needs rights of its own, for reading and for writing.
func TestKMSRefusesThroughSecretsManager(t *testing.T) {
	srv := awsfake.Start(t)
	const key = "arn:aws:kms:us-east-1:123456789012:key/1"
	u, _ := user(t, srv, "eso")
	must[string](t)(srv.AddSecret(region, "s", "x", key, nil))
	put := func() error {
		_, err := u.sm.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String("s"), SecretBinary: []byte{0, 1}})
		return err
	}
	allow := func(kms string) {
		attach(t, srv, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:*","Resource":"*"},
			{"Effect":"Allow","Action":[`+kms+`],"Resource":"`+key+`","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.us-east-1.amazonaws.com"}}}]}`)
	}
	allow(`"kms:Encrypt"`)
	refusedAs(t, read(t, u, "s"), "AccessDeniedException", "Access to KMS is not allowed")
	refusedAs(t, put(), "AccessDeniedException", "Access to KMS is not allowed")
	batch := must[*secretsmanager.BatchGetSecretValueOutput](t)(u.sm.BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"s"}}))
	if len(batch.Errors) != 1 || aws.ToString(batch.Errors[0].Message) != "Access to KMS is not allowed" {
		t.Errorf("batch %+v", batch)
	}
	allow(`"kms:Decrypt"`)
	wantCode(t, read(t, u, "s"), "")
	wantCode(t, put(), "AccessDeniedException")
	allow(`"kms:Decrypt","kms:GenerateDataKey"`)
	wantCode(t, put(), "")
	wantCode(t, read(t, u, "s"), "")
}

// TestDeletionAndTokens are the rest of what PushSecret and the commands on secrets rely on.
func TestDeletionAndTokens(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, name := admin(srv).sm, t.Context(), aws.String("s")
	must[string](t)(srv.AddSecret(region, "s", "x", "", nil))
	must[*secretsmanager.DeleteSecretOutput](t)(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: name, RecoveryWindowInDays: aws.Int64(7)}))
	refusedAs(t, read(t, admin(srv), "s"), "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	_, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name, SecretString: aws.String("y")})
	refusedAs(t, err, "InvalidRequestException", "already scheduled for deletion")
	must[*secretsmanager.RestoreSecretOutput](t)(c.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: name}))
	token := aws.String("00000000-0000-0000-0000-000000000002")
	in := &secretsmanager.PutSecretValueInput{SecretId: name, SecretBinary: []byte{0xff, 0}, ClientRequestToken: token}
	first := must[*secretsmanager.PutSecretValueOutput](t)(c.PutSecretValue(ctx, in))
	again := must[*secretsmanager.PutSecretValueOutput](t)(c.PutSecretValue(ctx, in))
	got := must[*secretsmanager.GetSecretValueOutput](t)(c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: name}))
	if *first.VersionId != *again.VersionId || string(got.SecretBinary) != "\xff\x00" || *got.VersionId != *token {
		t.Errorf("value %+v", got)
	}
	in.SecretBinary = []byte{1}
	_, err = c.PutSecretValue(ctx, in)
	wantCode(t, err, "ResourceExistsException")
	for range 2 { // what is not there is deleted at once
		must[*secretsmanager.DeleteSecretOutput](t)(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: name, ForceDeleteWithoutRecovery: aws.Bool(true)}))
	}
	_, err = c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: name})
	wantCode(t, err, "ResourceNotFoundException")
}
