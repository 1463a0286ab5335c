package awsfake_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

const (
	region = "us-east-1"
	// readSecrets and trustEC2 are the smallest documents of their kinds.
	readSecrets = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`
	trustEC2    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
)

// caller is the SDK's real clients with one set of credentials, without retries.
type caller struct {
	iam *iam.Client
	sts *sts.Client
	sm  *secretsmanager.Client
}

// as returns the clients of whoever holds the key.
func as(srv *awsfake.Server, keyID, secret, token string) caller {
	return in(region, srv, keyID, secret, token)
}

func in(region string, srv *awsfake.Server, keyID, secret, token string) caller {
	creds := credentials.NewStaticCredentialsProvider(keyID, secret, token)
	url, web := aws.String(srv.URL()), &http.Client{Transport: plain{&http.Transport{DisableKeepAlives: true}}}
	return caller{
		iam: iam.New(iam.Options{BaseEndpoint: url, Region: region, Credentials: creds, HTTPClient: web, Retryer: aws.NopRetryer{}}),
		sts: sts.New(sts.Options{BaseEndpoint: url, Region: region, Credentials: creds, HTTPClient: web, Retryer: aws.NopRetryer{}}),
		sm: secretsmanager.New(secretsmanager.Options{
			BaseEndpoint: url, Region: region, Credentials: creds, HTTPClient: web, Retryer: aws.NopRetryer{},
		}),
	}
}

// plain hides the WriteTo of the SDK's request bodies. Once the answer is there the SDK closes the body, whose WriteTo
// then fails with io.EOF: when the transport still looks for more of it (the answer came that fast), it takes this for
// a broken connection, closes it, and cuts an answer of more than 4 KiB short.
type plain struct{ http.RoundTripper }

func (p plain) RoundTrip(r *http.Request) (*http.Response, error) {
	bare := *r
	if r.Body != nil {
		bare.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.RoundTripper.RoundTrip(&bare)
}

func admin(srv *awsfake.Server) caller { return as(srv, awsfake.AdminKeyID, awsfake.AdminSecret, "") }

// code is an error's code, or empty without one.
func code(err error) string {
	if err == nil {
		return ""
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return err.Error()
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("got error %q (%v), want code %q", got, err, want)
	}
}

// must is for what a test takes for granted.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// user makes a user with a key, and returns the key's clients.
func user(t *testing.T, srv *awsfake.Server, name string) (caller, string) {
	t.Helper()
	must[string](t)(srv.AddUser(name, nil))
	id := must[string](t)(srv.AddKey(name))
	return as(srv, id, srv.SecretOf(id), ""), id
}

func tag(k, v string) iamtypes.Tag { return iamtypes.Tag{Key: &k, Value: &v} }
