package policy

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// policyFor is the step of one namespace of one cluster.
func policyFor(api *iam.Client, namespace, prefix string) *Up {
	return &Up{
		Up: iamtest.Making(api, "c1", namespace), PolicyName: "read", Path: "/",
		Scope: Scope{Region: "us-east-1", Prefixes: []string{prefix}},
	}
}

// Two first runs at the same time: what the second would change under the first is refused, as it is for a later run.
func TestPolicyOfTwoFirstRuns(t *testing.T) {
	srv, api := iamtest.Start(t)
	first := policyFor(api, "a", "dev-")
	err := iamtest.Race(t, first, policyFor(api, "b", "prod-"))
	iamtest.WantError(t, err, "create IAM policy "+iamtest.PolicyARN, "c1/a", "prod-", "--policy-name", "--secret-prefix")
	srv.ResetCalls()
	if changes := iamtest.Converge(t, first); iamtest.Actions(changes) != "none" {
		t.Errorf("the first run's policy was changed: %+v", changes)
	}
	iamtest.WantNoWrites(t, srv)
}

func TestPolicyOfTwoFirstRunsThatAgree(t *testing.T) {
	_, api := iamtest.Start(t)
	first, second := policyFor(api, "a", "dev-"), policyFor(api, "b", "dev-")
	iamtest.Check(t, iamtest.Race(t, first, second))
	for _, p := range []*Up{first, second} {
		if changes := iamtest.Converge(t, p); iamtest.Actions(changes) != "none" {
			t.Errorf("got %+v", changes)
		}
	}
}

// A policy may show a moment before its document does.
func TestPolicyWhoseDocumentShowsLate(t *testing.T) {
	unseen := awsfake.Fault{Action: "GetPolicyVersion", Times: 3, Kind: awsfake.CustomError, Status: http.StatusNotFound, Code: "NoSuchEntity"}
	srv, api := iamtest.Start(t)
	p := policyFor(api, "a", "dev-")
	iamtest.Converge(t, p)
	srv.Fault(unseen)
	if changes := iamtest.Converge(t, p); iamtest.Actions(changes) != "none" {
		t.Errorf("got %+v", changes)
	}
	unseen.Times = 0
	srv.Fault(unseen)
	p.Pace.Settle = 50 * time.Millisecond
	_, err := p.Observe(t.Context())
	iamtest.WantError(t, err, "get version v1 of IAM policy "+iamtest.PolicyARN, "NoSuchEntity")
}

// Who takes over a policy must know whose rights change with it.
func TestPolicyOfSomebodyElseSaysWhoElseUsesIt(t *testing.T) {
	srv, api := iamtest.Start(t)
	arn, err := srv.AddPolicy("read", iamtest.ReadAll, nil)
	iamtest.Check(t, err)
	p := policyFor(api, "a", "dev-")
	changes := iamtest.Converge(t, p)
	if strings.Contains(iamtest.Reasons(changes), "attached to") {
		t.Errorf("it is attached to nobody: %q", iamtest.Reasons(changes))
	}
	for _, name := range []string{"es", "somebody"} {
		user, err := srv.AddUser(name, nil)
		iamtest.Check(t, err)
		iamtest.Check(t, srv.Attach(user, arn))
	}
	bounded := "bounded"
	_, err = api.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &bounded, PermissionsBoundary: &arn})
	iamtest.Check(t, err)
	changes = iamtest.Converge(t, p)
	if iamtest.Actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	const uses = "attached to 2 users, roles or groups and the permissions boundary of 1 user or role, whose rights change with it"
	iamtest.WantReason(t, changes, "replaces its document, which is "+uses)
	p.Adopt = true
	if changes = iamtest.Converge(t, p); iamtest.Actions(changes) != "adopt" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "; it is "+uses)
}
