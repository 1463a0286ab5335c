package iamsetup

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const policyARN = "arn:aws:iam::" + testAccount + ":policy/read"

// policyFor is the step of one namespace of one cluster.
func policyFor(api *iam.Client, namespace, prefix string) *Policy {
	return &Policy{
		Up: making(api, "c1", namespace), PolicyName: "read", Path: "/",
		Scope: Scope{Region: "us-east-1", Prefixes: []string{prefix}},
	}
}

// step is what the engine takes each step for.
type step interface {
	Observe(context.Context) ([]plan.Change, error)
	Apply(context.Context, event.Sink) error
}

// race has both observe before either applies: each plans to create.
func race(t *testing.T, winner, loser step) error {
	t.Helper()
	for _, s := range []step{winner, loser} {
		_, err := s.Observe(t.Context())
		check(t, err)
	}
	check(t, winner.Apply(t.Context(), event.Discard))
	return loser.Apply(t.Context(), event.Discard)
}

// wantError wants the parts in the error's text or hint.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if text := err.Error() + "\n" + hint.Of(err); !strings.Contains(text, part) {
			t.Errorf("no word of %q in:\n%s", part, text)
		}
	}
}

// Two first runs at the same time: what the second would change under the first is refused, as it is for a later run.
func TestPolicyOfTwoFirstRuns(t *testing.T) {
	srv, api := fakeAccount(t)
	first := policyFor(api, "a", "dev-")
	err := race(t, first, policyFor(api, "b", "prod-"))
	wantError(t, err, "create IAM policy "+policyARN, "c1/a", "prod-", "--policy-name", "--secret-prefix")
	srv.ResetCalls()
	if changes := converge(t, first); actions(changes) != "none" {
		t.Errorf("the first run's policy was changed: %+v", changes)
	}
	wantNoWrites(t, srv)
}

func TestPolicyOfTwoFirstRunsThatAgree(t *testing.T) {
	_, api := fakeAccount(t)
	first, second := policyFor(api, "a", "dev-"), policyFor(api, "b", "dev-")
	check(t, race(t, first, second))
	for _, p := range []*Policy{first, second} {
		if changes := converge(t, p); actions(changes) != "none" {
			t.Errorf("got %+v", changes)
		}
	}
}

// A policy may show a moment before its document does.
func TestPolicyWhoseDocumentShowsLate(t *testing.T) {
	unseen := awsfake.Fault{Action: "GetPolicyVersion", Times: 3, Kind: awsfake.CustomError, Status: http.StatusNotFound, Code: "NoSuchEntity"}
	srv, api := fakeAccount(t)
	p := policyFor(api, "a", "dev-")
	converge(t, p)
	srv.Fault(unseen)
	if changes := converge(t, p); actions(changes) != "none" {
		t.Errorf("got %+v", changes)
	}
	unseen.Times = 0
	srv.Fault(unseen)
	p.Pace.Settle = 50 * time.Millisecond
	_, err := p.Observe(t.Context())
	wantError(t, err, "get version v1 of IAM policy "+policyARN, "NoSuchEntity")
}

// Who takes over a policy must know whose rights change with it.
func TestPolicyOfSomebodyElseSaysWhoElseUsesIt(t *testing.T) {
	srv, api := fakeAccount(t)
	arn, err := srv.AddPolicy("read", readAll, nil)
	check(t, err)
	p := policyFor(api, "a", "dev-")
	changes := converge(t, p)
	if strings.Contains(reasons(changes), "attached to") {
		t.Errorf("it is attached to nobody: %q", reasons(changes))
	}
	for _, name := range []string{"es", "somebody"} {
		user, err := srv.AddUser(name, nil)
		check(t, err)
		check(t, srv.Attach(user, arn))
	}
	bounded := "bounded"
	_, err = api.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &bounded, PermissionsBoundary: &arn})
	check(t, err)
	changes = converge(t, p)
	if actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	const uses = "attached to 2 users, roles or groups and the permissions boundary of 1 user or role, whose rights change with it"
	wantReason(t, changes, "replaces its document, which is "+uses)
	p.Adopt = true
	if changes = converge(t, p); actions(changes) != "adopt" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "; it is "+uses)
}
