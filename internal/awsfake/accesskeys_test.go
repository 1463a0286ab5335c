package awsfake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestKeysHaveTheDocumentedForm(t *testing.T) {
	srv := awsfake.Start(t)
	must[string](t)(srv.AddUser("es", nil))
	out := must[*iam.CreateAccessKeyOutput](t)(admin(srv).iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("es")})).AccessKey
	id, secret := *out.AccessKeyId, *out.SecretAccessKey
	if len(id) != 20 || !strings.HasPrefix(id, "AKIA") || !strings.HasSuffix(id, "EXAMPLE") {
		t.Errorf("key id %s", id)
	}
	if len(secret) != 40 || !strings.Contains(secret, "EXAMPLEKEY") || srv.SecretOf(id) != secret || srv.Secrets()[0] != secret {
		t.Errorf("secret %s, remembered as %v", secret, srv.Secrets())
	}
}

func TestTwoKeysAUser(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	_, first := user(t, srv, "es")
	in := &iam.CreateAccessKeyInput{UserName: aws.String("es")}
	second := must[*iam.CreateAccessKeyOutput](t)(c.CreateAccessKey(ctx, in))
	must[*iam.UpdateAccessKeyOutput](t)(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
		UserName: aws.String("es"), AccessKeyId: second.AccessKey.AccessKeyId, Status: types.StatusTypeInactive,
	}))
	_, err := c.CreateAccessKey(ctx, in)
	wantCode(t, err, "LimitExceeded")
	_, err = c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("admin"), AccessKeyId: &first})
	wantCode(t, err, "NoSuchEntity")
	must[*iam.DeleteAccessKeyOutput](t)(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("es"), AccessKeyId: &first}))
	third := must[*iam.CreateAccessKeyOutput](t)(c.CreateAccessKey(ctx, in))
	if id := *third.AccessKey.AccessKeyId; id == first || id == *second.AccessKey.AccessKeyId {
		t.Errorf("key id %s came again", id)
	}
	keys := srv.Keys("es")
	if len(keys) != 2 || keys[0].Status != "Inactive" || keys[1].Status != "Active" {
		t.Errorf("keys %+v", keys)
	}
}

func TestLastUsedIsTracked(t *testing.T) {
	srv := awsfake.Start(t)
	es, id := user(t, srv, "es")
	c, ctx := admin(srv).iam, t.Context()
	in := &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id}
	never := must[*iam.GetAccessKeyLastUsedOutput](t)(c.GetAccessKeyLastUsed(ctx, in)).AccessKeyLastUsed
	if *never.ServiceName != "N/A" || *never.Region != "N/A" || never.LastUsedDate != nil {
		t.Errorf("never used: %+v", never)
	}
	must[*sts.GetCallerIdentityOutput](t)(es.sts.GetCallerIdentity(ctx, nil))
	used := must[*iam.GetAccessKeyLastUsedOutput](t)(c.GetAccessKeyLastUsed(ctx, in))
	if *used.UserName != "es" || *used.AccessKeyLastUsed.ServiceName != "sts" || *used.AccessKeyLastUsed.Region != region ||
		used.AccessKeyLastUsed.LastUsedDate == nil {
		t.Errorf("used: %+v", used.AccessKeyLastUsed)
	}
	srv.SetKeyUsed(id, "s3", "eu-west-1", time.Unix(1e9, 0))
	srv.SetKeyCreated(id, time.Unix(9e8, 0))
	set := must[*iam.GetAccessKeyLastUsedOutput](t)(c.GetAccessKeyLastUsed(ctx, in)).AccessKeyLastUsed
	if *set.ServiceName != "s3" || !set.LastUsedDate.Equal(time.Unix(1e9, 0)) || !srv.Keys("es")[0].Created.Equal(time.Unix(9e8, 0)) {
		t.Errorf("set: %+v", set)
	}
	srv.SetKeyStatus(id, "Inactive")
	_, err := es.sts.GetCallerIdentity(ctx, nil)
	wantCode(t, err, "InvalidClientTokenId")
	_, err = c.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIANOSUCHKEYEXAMPLE")})
	wantCode(t, err, "NoSuchEntity")
}
