package awsfake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// refusals asks all services the same question.
func refusals(t *testing.T, c caller) (fromIAM, fromSTS, fromSecrets string) {
	t.Helper()
	_, ofIAM := c.iam.ListUsers(t.Context(), &iam.ListUsersInput{})
	_, ofSTS := c.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	_, ofSM := c.sm.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{})
	return code(ofIAM), code(ofSTS), code(ofSM)
}

func TestSignaturesAreChecked(t *testing.T) {
	srv := awsfake.Start(t)
	_, id := user(t, srv, "es")
	secret := srv.SecretOf(id)
	_, off := user(t, srv, "off")
	must[*iam.UpdateAccessKeyOutput](t)(admin(srv).iam.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{
		UserName: aws.String("off"), AccessKeyId: &off, Status: types.StatusTypeInactive,
	}))
	_, old := user(t, srv, "old")
	srv.ExpireCredentials(old)
	tests := map[string]struct {
		c          caller
		query, rpc string
	}{
		"right":         {admin(srv), "", ""},
		"wrong secret":  {as(srv, id, strings.ToLower(secret), ""), "SignatureDoesNotMatch", "InvalidSignatureException"},
		"unknown key":   {as(srv, "AKIANOSUCHKEYEXAMPLE", secret, ""), "InvalidClientTokenId", "UnrecognizedClientException"},
		"key by case":   {as(srv, strings.ToLower(id), secret, ""), "InvalidClientTokenId", "UnrecognizedClientException"},
		"inactive key":  {as(srv, off, srv.SecretOf(off), ""), "InvalidClientTokenId", "UnrecognizedClientException"},
		"foreign token": {as(srv, id, secret, "token"), "InvalidClientTokenId", "UnrecognizedClientException"},
		"expired key":   {as(srv, old, srv.SecretOf(old), ""), "ExpiredToken", "ExpiredTokenException"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fromIAM, fromSTS, fromSM := refusals(t, tt.c)
			if fromIAM != tt.query || fromSTS != tt.query || fromSM != tt.rpc {
				t.Errorf("got %q, %q, %q; want %q and %q", fromIAM, fromSTS, fromSM, tt.query, tt.rpc)
			}
		})
	}
}

func TestDeletedKeyIsRefused(t *testing.T) {
	srv := awsfake.Start(t)
	es, id := user(t, srv, "es")
	must[*iam.DeleteAccessKeyOutput](t)(admin(srv).iam.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("es"), AccessKeyId: &id}))
	_, err := es.sts.GetCallerIdentity(t.Context(), nil)
	wantCode(t, err, "InvalidClientTokenId")
}

func TestClockSkew(t *testing.T) {
	tests := map[string]struct {
		off   time.Duration
		check bool
		want  string
	}{
		"14 minutes ahead":         {14 * time.Minute, true, ""},
		"16 minutes ahead":         {16 * time.Minute, true, "SignatureDoesNotMatch"},
		"16 minutes behind":        {-16 * time.Minute, true, "SignatureDoesNotMatch"},
		"a year ahead, not minded": {365 * 24 * time.Hour, false, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.Start(t, awsfake.WithClock(func() time.Time { return time.Now().Add(tt.off) }), awsfake.WithSkewCheck(tt.check))
			_, err := admin(srv).sts.GetCallerIdentity(t.Context(), nil)
			wantCode(t, err, tt.want)
		})
	}
}

func TestRegionsBelongToPartitions(t *testing.T) {
	for partition, home := range map[string]string{"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"} {
		t.Run(partition, func(t *testing.T) {
			srv := awsfake.Start(t, awsfake.WithPartition(partition), awsfake.WithAccount("210987654321"))
			for _, region := range []string{"eu-west-1", "cn-north-1", "us-gov-west-1"} {
				c := in(region, srv, awsfake.AdminKeyID, awsfake.AdminSecret, "")
				_, err := c.sm.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{})
				want := "UnrecognizedClientException"
				if region == home {
					want = ""
				}
				wantCode(t, err, want)
				who := must[*sts.GetCallerIdentityOutput](t)(c.sts.GetCallerIdentity(t.Context(), nil))
				if *who.Arn != "arn:"+partition+":iam::210987654321:user/admin" || *who.Account != "210987654321" {
					t.Errorf("caller %s of %s", *who.Arn, *who.Account)
				}
			}
		})
	}
}
