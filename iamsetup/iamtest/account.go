// Package iamtest is for the tests of iamsetup's packages alone: an account of the AWS fake, steps and removals that are carried
// out as a run does it, and what is then to be found. It must know of no kind of resource.
package iamtest

import (
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// What is in the account, or may be.
const (
	AccountID = "123456789012"
	PolicyARN = "arn:aws:iam::" + AccountID + ":policy/read"
	IssuerA   = "https://oidc.eks.us-east-1.amazonaws.com/id/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	IssuerB   = "https://oidc.eks.us-east-1.amazonaws.com/id/BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
	ReadAll   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}}`
)

// In is the account in a partition.
func In(partition string) iamsetup.Account {
	return iamsetup.Account{Partition: partition, ID: AccountID}
}

// Start runs the fake, and returns a client of it.
func Start(t *testing.T, opts ...awsfake.Option) (*awsfake.Server, *iam.Client) {
	t.Helper()
	srv := awsfake.Start(t, append([]awsfake.Option{awsfake.WithAccount(AccountID)}, opts...)...)
	return srv, iam.New(iam.Options{
		BaseEndpoint: aws.String(srv.URL()), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
		// The SDK's own retries, without its seconds between them.
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 10 * time.Millisecond }),
	})
}

// WithPolicy is Start with the policy of PolicyARN, which carries no mark of ours.
func WithPolicy(t *testing.T, opts ...awsfake.Option) (*awsfake.Server, *iam.Client) {
	t.Helper()
	srv, api := Start(t, opts...)
	_, err := srv.AddPolicy("read", ReadAll, nil)
	Check(t, err)
	return srv, api
}

// Pace waits little.
func Pace() iamsetup.Pace {
	return iamsetup.Pace{Settle: time.Second, Poll: 5 * time.Millisecond, Mint: time.Second, Cleanup: 5 * time.Second}
}

// Owner is one namespace of one cluster.
func Owner(cluster, namespace string) iamsetup.Owner {
	return iamsetup.Owner{Cluster: cluster, Namespace: namespace, Server: "https://api." + cluster + ".example.org"}
}

// Making is what the steps of one owner go by.
func Making(api *iam.Client, cluster, namespace string) iamsetup.Up {
	return iamsetup.Up{API: api, Account: In("aws"), Owner: Owner(cluster, namespace), Pace: Pace()}
}

// Removing is what the removals of one owner go by.
func Removing(api *iam.Client, cluster, namespace string) iamsetup.Removal {
	return iamsetup.Removal{
		API: api, Account: In("aws"), Owner: Owner(cluster, namespace), Pace: Pace(), Guard: func() error { return nil },
		Now: time.Now, Waiting: func(string) {},
	}
}

// At is an account's client at an address, as the program connects.
func At(t *testing.T, url string) *iamsetup.AWS {
	t.Helper()
	out, err := iamsetup.Connect(t.Context(), iamsetup.Connection{
		Region: "us-east-1", Request: 5 * time.Second, Log: slog.New(slog.DiscardHandler), Now: time.Now, Endpoint: url,
		Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	})
	Check(t, err)
	return out
}
