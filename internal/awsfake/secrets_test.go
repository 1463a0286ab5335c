package awsfake_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func read(t *testing.T, c caller, name string) error {
	t.Helper()
	_, err := c.sm.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	return err
}

func TestSecretLifecycle(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).sm, t.Context()
	name := aws.String("gen3/fence-config")
	made := must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: name, SecretString: aws.String("one"), Tags: []types.Tag{{Key: aws.String("managed-by"), Value: aws.String("external-secrets")}},
	}))
	head, suffix, _ := strings.Cut(*made.ARN, "fence-config-")
	if head != "arn:aws:secretsmanager:us-east-1:123456789012:secret:gen3/" || len(suffix) != 6 {
		t.Errorf("ARN %s", *made.ARN)
	}
	_, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name, SecretString: aws.String("two")})
	wantCode(t, err, "ResourceExistsException")
	must[*secretsmanager.PutSecretValueOutput](t)(c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: made.ARN, SecretString: aws.String("two")}))
	got := must[*secretsmanager.GetSecretValueOutput](t)(c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: name}))
	old := must[*secretsmanager.GetSecretValueOutput](t)(c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: name, VersionStage: aws.String("AWSPREVIOUS")}))
	if *got.SecretString != "two" || *old.SecretString != "one" {
		t.Errorf("current %s, previous %s", *got.SecretString, *old.SecretString)
	}
	about := must[*secretsmanager.DescribeSecretOutput](t)(c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: name}))
	if len(about.VersionIdsToStages) != 2 || *about.Tags[0].Value != "external-secrets" || about.LastChangedDate == nil {
		t.Errorf("about %+v", about)
	}
	must[*secretsmanager.DeleteSecretOutput](t)(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: name}))
	wantCode(t, read(t, admin(srv), *name), "InvalidRequestException")
	must[*secretsmanager.RestoreSecretOutput](t)(c.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: name}))
	wantCode(t, read(t, admin(srv), *name), "")
	must[*secretsmanager.DeleteSecretOutput](t)(c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: name, ForceDeleteWithoutRecovery: aws.Bool(true)}))
	wantCode(t, read(t, admin(srv), *name), "ResourceNotFoundException")
}

func TestSecretsAreOfTheirRegion(t *testing.T) {
	srv := awsfake.Start(t)
	must[string](t)(srv.AddSecret("eu-west-1", "s", "x", "", nil))
	wantCode(t, read(t, in("eu-west-1", srv, awsfake.AdminKeyID, awsfake.AdminSecret, ""), "s"), "")
	wantCode(t, read(t, admin(srv), "s"), "ResourceNotFoundException")
}

func TestListSecretsFiltersAndPages(t *testing.T) {
	srv := awsfake.Start(t)
	for _, name := range []string{"dev-a", "dev-b", "dev-c", "prod-a"} {
		must[string](t)(srv.AddSecret(region, name, "x", "", map[string]string{"env": name[:3], "of-" + name: ""}))
	}
	names := func(filters ...types.Filter) []string {
		var out []string
		p := secretsmanager.NewListSecretsPaginator(admin(srv).sm, &secretsmanager.ListSecretsInput{Filters: filters, MaxResults: aws.Int32(100)})
		for p.HasMorePages() {
			for _, x := range must[*secretsmanager.ListSecretsOutput](t)(p.NextPage(t.Context())).SecretList {
				out = append(out, *x.Name)
			}
		}
		return out
	}
	got := [][]string{
		names(),
		names(types.Filter{Key: "name", Values: []string{"dev-"}}),
		names(types.Filter{Key: "name", Values: []string{"!dev-"}}),
		names(types.Filter{Key: "tag-key", Values: []string{"of-dev-b"}}, types.Filter{Key: "tag-value", Values: []string{"dev"}}),
	}
	want := [][]string{{"dev-a", "dev-b", "dev-c", "prod-a"}, {"dev-a", "dev-b", "dev-c"}, {"prod-a"}, {"dev-b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecretRequestsAreJudged(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).sm, t.Context()
	must[string](t)(srv.AddSecret(region, "s", "x", "", nil))
	_, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("a b"), SecretString: aws.String("x")})
	wantCode(t, err, "ValidationException")
	_, err = c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("t"), SecretString: aws.String("x"), SecretBinary: []byte("x")})
	wantCode(t, err, "InvalidParameterException")
	_, err = c.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: aws.String("s"), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}})
	wantCode(t, err, "InvalidParameterException")
	_, err = c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String("s")})
	wantCode(t, err, "InvalidRequestException")
	_, err = c.BatchGetSecretValue(ctx, &secretsmanager.BatchGetSecretValueInput{})
	wantCode(t, err, "InvalidParameterException")
	_, err = c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("s"), RecoveryWindowInDays: aws.Int64(1)})
	wantCode(t, err, "InvalidParameterException")
}

func TestOneTokenWritesOnce(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).sm, t.Context()
	in := &secretsmanager.CreateSecretInput{
		Name: aws.String("s"), SecretString: aws.String("x"), ClientRequestToken: aws.String("00000000-0000-0000-0000-000000000001"),
	}
	first := must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(ctx, in))
	again := must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(ctx, in))
	if *first.ARN != *again.ARN {
		t.Errorf("%s became %s", *first.ARN, *again.ARN)
	}
	in.SecretString = aws.String("y")
	_, err := c.CreateSecret(ctx, in)
	wantCode(t, err, "ResourceExistsException")
}

func TestSecretsChange(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, name := admin(srv).sm, t.Context(), aws.String("s")
	arn := must[string](t)(srv.AddSecret(region, "s", "x", "", map[string]string{"a": "1"}))
	must[*secretsmanager.TagResourceOutput](t)(c.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: name, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}}))
	must[*secretsmanager.UntagResourceOutput](t)(c.UntagResource(ctx, &secretsmanager.UntagResourceInput{SecretId: name, TagKeys: []string{"a"}}))
	must[*secretsmanager.UpdateSecretOutput](t)(c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: name, Description: aws.String("note"), KmsKeyId: aws.String("1")}))
	must[*secretsmanager.UpdateSecretOutput](t)(c.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: name, SecretBinary: []byte("y")}))
	about := must[*secretsmanager.DescribeSecretOutput](t)(c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &arn}))
	if *about.Description != "note" || *about.KmsKeyId != "arn:aws:kms:us-east-1:123456789012:key/1" || len(about.Tags) != 1 {
		t.Errorf("about %+v", about)
	}
	got := must[*secretsmanager.GetSecretValueOutput](t)(c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn}))
	if string(got.SecretBinary) != "y" || got.SecretString != nil {
		t.Errorf("value %+v", got)
	}
	must[*secretsmanager.GetResourcePolicyOutput](t)(c.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: name}))
	if at := "secret/us-east-1/s"; srv.Snapshot()[at+"/tag/b"] != "2" || srv.Snapshot()[at] == "" {
		t.Errorf("snapshot %v", srv.Snapshot())
	}
	_, err := c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: name, SecretString: aws.String(strings.Repeat("x", 65537))})
	wantCode(t, err, "ValidationException")
}
