package iamsetup

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const testAccount = "123456789012"

// inTest is that account in a partition.
func inTest(partition string) Account { return Account{Partition: partition, ID: testAccount} }

func fakeAccount(t *testing.T, opts ...awsfake.Option) (*awsfake.Server, *iam.Client) {
	t.Helper()
	srv := awsfake.Start(t, append([]awsfake.Option{awsfake.WithAccount(testAccount)}, opts...)...)
	return srv, iam.New(iam.Options{
		BaseEndpoint: aws.String(srv.URL()), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
		// The SDK's own retries, without its seconds between them.
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 10 * time.Millisecond }),
	})
}

// making is what the steps of one namespace make things by.
func making(api *iam.Client, cluster, namespace string) Up {
	return Up{API: api, Account: inTest("aws"), Owner: testOwner(cluster, namespace), Pace: testPace()}
}

func testPace() Pace {
	return Pace{Settle: time.Second, Poll: 5 * time.Millisecond, Mint: time.Second, Cleanup: 5 * time.Second}
}

func testOwner(cluster, namespace string) Owner {
	return Owner{Cluster: cluster, Namespace: namespace, Server: "https://api." + cluster + ".example.org"}
}

// converge is what the engine does with one step.
func converge(t *testing.T, s interface {
	Observe(context.Context) ([]plan.Change, error)
	Apply(context.Context, event.Sink) error
},
) []plan.Change {
	t.Helper()
	changes, err := s.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if blocked := plan.BlockedIn(changes); len(blocked) > 0 {
		return changes
	}
	if err := s.Apply(t.Context(), event.Discard); err != nil {
		t.Fatal(err)
	}
	return changes
}

// actions lists a plan in short.
func actions(changes []plan.Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, string(c.Action))
	}
	return strings.Join(out, " ")
}

func reasons(changes []plan.Change) string {
	var out []string
	for _, c := range changes {
		out = append(append(out, c.Reason, c.Hint), c.More...)
	}
	return strings.Join(out, "\n")
}

func wantReason(t *testing.T, changes []plan.Change, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(reasons(changes), part) {
			t.Errorf("no word of %q in:\n%s", part, reasons(changes))
		}
	}
}

// wantNoWrites fails when the account was written to since the last ResetCalls.
func wantNoWrites(t *testing.T, srv *awsfake.Server) {
	t.Helper()
	for _, c := range srv.Writes() {
		t.Errorf("wrote %s", c.Name())
	}
}
