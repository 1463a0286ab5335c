package iamsetup_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// TestSimulate asks what IAM would deny, of an organisation's kind and of the caller's own policies.
func TestSimulate(t *testing.T) {
	t.Parallel()
	srv, api := iamtest.Start(t)
	account := iamtest.At(t, srv.URL())
	user := "arn:aws:iam::" + iamtest.AccountID + ":user/external_secrets_user"
	calls := iamsetup.CallsOf(plan.Change{Resource: plan.Of(plan.IAMUser, user), Action: plan.Create}, user)
	calls = append(calls, iamsetup.CallsOf(plan.Change{Resource: plan.Of(plan.AccessKey, plan.KnownAfterApply), Action: plan.Create}, user)...)
	admin, err := account.Caller(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if doubts, err := account.Simulate(t.Context(), admin, calls, ""); err != nil || len(doubts) > 0 {
		t.Errorf("who may do all: %v, %v", doubts, err)
	}
	allow := srv.Deny("iam:CreateAccessKey")
	doubts, err := account.Simulate(t.Context(), admin, calls, "")
	want := []iamsetup.Doubt{{Call: iamsetup.Call{Action: "iam:CreateAccessKey", Resource: user}, Origin: iamsetup.FromOrganization}}
	if diff := cmp.Diff(want, doubts); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	if told := iamsetup.Doubtful(admin, doubts); len(told) != 1 || !strings.Contains(told[0], "iam:CreateAccessKey") || !strings.Contains(told[0], "--irsa") || !strings.Contains(told[0], "the organisation") {
		t.Errorf("told %q", told)
	}
	allow()
	if _, err := api.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("limited")}); err != nil {
		t.Fatal(err)
	}
	limited := iamsetup.Caller{ARN: "arn:aws:iam::" + iamtest.AccountID + ":user/limited"}
	if doubts, err = account.Simulate(t.Context(), limited, calls, ""); err != nil || len(doubts) != len(calls) || doubts[0].Origin != iamsetup.FromNothing {
		t.Errorf("who may do nothing: %v, %v", doubts, err)
	}
	srv.Deny("iam:SimulatePrincipalPolicy")
	for _, caller := range []string{limited.ARN, "arn:aws:iam::" + iamtest.AccountID + ":root", "arn:aws:sts::" + iamtest.AccountID + ":assumed-role/gone/me", "arn:aws:sts::" + iamtest.AccountID + ":federated-user/x"} {
		if doubts, err := account.Simulate(t.Context(), iamsetup.Caller{ARN: caller}, calls, ""); err != nil || len(doubts) > 0 {
			t.Errorf("%s: %v, %v", caller, doubts, err)
		}
	}
}

// TestDenialsAreExplained is a table of AWS's own messages
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
func TestDenialsAreExplained(t *testing.T) {
	t.Parallel()
	const head = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: "
	for message, want := range map[string][]string{
		head + "iam:CreateUser on resource: arn:x with an explicit deny in a service control policy":                        {"--irsa", "--permissions-boundary"},
		head + "iam:CreateAccessKey on resource: arn:x because no service control policy allows the action":                 {"--irsa", "--use-global-user"},
		head + "iam:CreateRole on resource: arn:x with an explicit deny in an identity-based policy":                        {"--permissions-boundary"},
		head + "iam:CreatePolicy on resource: arn:x with an explicit deny in a resource control policy":                     {"exception"},
		head + "iam:CreateUser on resource: arn:x because no permissions boundary allows the iam:CreateUser action":         {"boundary of the caller"},
		head + "iam:CreateUser on resource: arn:x because no session policy allows the iam:CreateUser action":               {"session", "iam:CreateUser"},
		head + "iam:CreateUser on resource: arn:x because no VPC endpoint policy allows the iam:CreateUser action":          {"VPC endpoint"},
		head + "iam:TagUser on resource: arn:x because no identity-based policy allows the iam:TagUser action":              {"give the caller iam:TagUser", "Permissions in the README"},
		"User: arn:aws:iam::123456789012:user/me is not authorized to perform: iam:GetUser on resource: user external_user": {"give the caller iam:GetUser"},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<ErrorResponse><Error><Code>AccessDenied</Code><Message>" + message + "</Message></Error></ErrorResponse>"))
		}))
		account := iamtest.At(t, srv.URL)
		_, err := account.IAM.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("u")})
		c, text, ok := account.Explain(err)
		if !ok || c.Code != iamsetup.CodeDenied || text != "AccessDenied: "+message {
			t.Errorf("%s: %+v, %q, %v", message, c, text, ok)
		}
		for _, part := range want {
			if !strings.Contains(strings.Join(c.Cures, "\n"), part) {
				t.Errorf("%s: %q lacks %q", message, c.Cures, part)
			}
		}
		srv.Close()
	}
}
