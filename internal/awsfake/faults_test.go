package awsfake_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func createUser(ctx context.Context, c caller, name string) error {
	_, err := c.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &name})
	return err
}

func TestFaults(t *testing.T) {
	const lost = "lost" // no answer: the SDK has no code for it
	tests := map[string]struct {
		fault  awsfake.Fault
		want   string
		effect bool
	}{
		"throttling":    {awsfake.Fault{Kind: awsfake.Throttling}, "Throttling", false},
		"server error":  {awsfake.Fault{Kind: awsfake.ServerError}, "ServiceFailure", false},
		"access denied": {awsfake.Fault{Kind: awsfake.AccessDenied}, "AccessDenied", false},
		"concurrent":    {awsfake.Fault{Kind: awsfake.ConcurrentModification}, "ConcurrentModification", false},
		"unmodifiable":  {awsfake.Fault{Kind: awsfake.EntityTemporarilyUnmodifiable}, "EntityTemporarilyUnmodifiable", false},
		"limit":         {awsfake.Fault{Kind: awsfake.LimitExceeded}, "LimitExceeded", false},
		"custom":        {awsfake.Fault{Kind: awsfake.CustomError, Status: 403, Code: "ExpiredToken"}, "ExpiredToken", false},
		"reset before":  {awsfake.Fault{Kind: awsfake.ResetBefore}, lost, false},
		"lost reply":    {awsfake.Fault{Kind: awsfake.LostReply}, lost, true},
		"lost as 5xx":   {awsfake.Fault{Kind: awsfake.LostReply5xx}, "ServiceFailure", true},
		"kill before":   {awsfake.Fault{Kind: awsfake.KillBefore, Hook: func(awsfake.Phase, awsfake.Call) {}}, lost, false},
		"kill after":    {awsfake.Fault{Kind: awsfake.KillAfter, Hook: func(awsfake.Phase, awsfake.Call) {}}, lost, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.Start(t)
			tt.fault.Action, tt.fault.N = "iam:CreateUser", 1
			srv.Fault(tt.fault)
			err := createUser(t.Context(), admin(srv), "es")
			if tt.want == lost && err == nil || tt.want != lost && code(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if _, there := srv.Snapshot()["user/es"]; there != tt.effect {
				t.Errorf("effect %t, want %t", there, tt.effect)
			}
			next := map[bool]string{true: "EntityAlreadyExists", false: ""}
			wantCode(t, createUser(t.Context(), admin(srv), "es"), next[tt.effect])
		})
	}
}

func TestFaultsOfJSONServices(t *testing.T) {
	for want, kind := range map[string]awsfake.Kind{
		"ThrottlingException": awsfake.Throttling, "InternalServiceError": awsfake.ServerError,
		"AccessDeniedException": awsfake.AccessDenied, "LimitExceededException": awsfake.LimitExceeded,
	} {
		srv := awsfake.Start(t)
		srv.Fault(awsfake.Fault{Service: "secretsmanager", Kind: kind})
		_, err := admin(srv).sm.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{})
		wantCode(t, err, want)
	}
}

func TestFaultsAreCounted(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv), t.Context()
	srv.Fault(awsfake.Fault{Action: "CreateUser", Object: "b", N: 2, Kind: awsfake.ServerError})
	remove := srv.Fault(awsfake.Fault{Action: "CreateUser", Object: "c", Times: 2, Kind: awsfake.Throttling})
	var got []string
	for _, name := range []string{"b", "a", "b", "b", "c", "c", "c"} {
		got = append(got, code(createUser(ctx, c, name)))
	}
	want := []string{"", "", "ServiceFailure", "EntityAlreadyExists", "Throttling", "Throttling", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	remove()
	gone := srv.Fault(awsfake.Fault{Kind: awsfake.ServerError})
	wantCode(t, createUser(ctx, c, "d"), "ServiceFailure")
	gone()
	wantCode(t, createUser(ctx, c, "d"), "")
}

func TestFaultAtARecordedCall(t *testing.T) {
	srv := awsfake.Start(t)
	wantCode(t, createUser(t.Context(), admin(srv), "es"), "")
	call := srv.Calls()[0]
	again := awsfake.Start(t)
	again.FaultAt(call, awsfake.AccessDenied, nil)
	wantCode(t, createUser(t.Context(), admin(again), "other"), "")
	wantCode(t, createUser(t.Context(), admin(again), "es"), "AccessDenied")
}

func TestTimeoutEndsWithTheClientOrTheServer(t *testing.T) {
	srv := awsfake.New()
	if err := srv.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	srv.Fault(awsfake.Fault{Kind: awsfake.Timeout})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := createUser(ctx, admin(srv), "es"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	arrived := make(chan struct{})
	srv.OnCall(func(awsfake.Phase, awsfake.Call) { close(arrived) })
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := createUser(t.Context(), admin(srv), "es"); err == nil {
			t.Error("an answer came")
		}
	})
	<-arrived
	srv.Close()
	wg.Wait()
	if _, there := srv.Snapshot()["user/es"]; there {
		t.Error("the call had an effect")
	}
}

// TestHooksSeeTheEffectComeBetween also has them use the server, which they may.
func TestHooksSeeTheEffectComeBetween(t *testing.T) {
	srv := awsfake.Start(t)
	var seen []bool
	srv.Fault(awsfake.Fault{Action: "CreateUser", Kind: awsfake.Hook, Hook: func(_ awsfake.Phase, c awsfake.Call) {
		_, there := srv.Snapshot()["user/"+c.Object]
		seen = append(seen, there)
	}})
	wantCode(t, createUser(t.Context(), admin(srv), "es"), "")
	if diff := cmp.Diff([]bool{false, true}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestCallsAreRecorded(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv), t.Context()
	es, id := user(t, srv, "es")
	_, _ = es.sts.GetCallerIdentity(ctx, nil)
	_, _ = c.sts.GetCallerIdentity(ctx, nil)
	_ = createUser(ctx, c, "es")
	_ = createUser(ctx, c, "other")
	_ = createUser(ctx, c, "es")
	_, _ = c.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("es")})
	_, _ = c.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("es"), AccessKeyId: &id})
	_, _ = c.sm.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("fence-config"), SecretString: aws.String("x")})
	var names, written []string
	for _, c := range srv.Calls() {
		names = append(names, c.Name())
	}
	for _, c := range srv.Writes() {
		written = append(written, c.Action+" "+c.Code)
	}
	want := []string{
		"sts:GetCallerIdentity " + id + " #1", "sts:GetCallerIdentity #1", "iam:CreateUser es #1", "iam:CreateUser other #1",
		"iam:CreateUser es #2", "iam:ListAccessKeys es #1", "iam:DeleteAccessKey " + id + " #1", "secretsmanager:CreateSecret fence-config #1",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	want = []string{"CreateUser EntityAlreadyExists", "CreateUser ", "CreateUser EntityAlreadyExists", "DeleteAccessKey ", "CreateSecret "}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Error(diff)
	}
	srv.ResetCalls()
	_ = createUser(ctx, c, "es")
	if got := srv.Calls(); len(got) != 1 || got[0].N != 1 || got[0].Status != 409 || got[0].AccessKeyID != awsfake.AdminKeyID {
		t.Errorf("after the reset: %+v", got)
	}
}

func TestUnknownActionsFailTheTest(t *testing.T) {
	tb := &recorder{TB: t}
	srv := awsfake.Start(tb)
	_, err := admin(srv).iam.GetAccountAuthorizationDetails(t.Context(), &iam.GetAccountAuthorizationDetailsInput{})
	wantCode(t, err, "InvalidAction")
	if diff := cmp.Diff([]string{"iam:GetAccountAuthorizationDetails"}, srv.Unknown()); diff != "" {
		t.Error(diff)
	}
	tb.end()
	if !tb.failed {
		t.Error("the test did not fail")
	}
}

// recorder is a test within the test.
type recorder struct {
	testing.TB
	end    func()
	failed bool
}

func (r *recorder) Cleanup(f func())      { r.end = f }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
