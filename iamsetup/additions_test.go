package iamsetup

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// pageFor answers one action with a page for people, as moto's server does where it has a fault.
type pageFor struct {
	iam.HTTPClient

	action string
}

// Do implements iam.HTTPClient.
func (p pageFor) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(body, []byte("Action="+p.action+"&")) {
		page := "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>"
		return &http.Response{
			StatusCode: http.StatusInternalServerError, Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader(page)), Request: r,
		}, nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return p.HTTPClient.Do(r)
}

// TestAdditionsThatCannotBeLookedAt: IAM itself refuses to delete what still has any, so that nothing is lost by trying.
func TestAdditionsThatCannotBeLookedAt(t *testing.T) {
	for name, fault := range map[string]awsfake.Fault{
		"access denied":     {Kind: awsfake.AccessDenied},
		"an unknown action": {Kind: awsfake.CustomError, Status: http.StatusBadRequest, Code: "InvalidAction"},
		"a page for people": {},
	} {
		t.Run(name, func(t *testing.T) {
			blind := func(srv *awsfake.Server, api *iam.Client, action string) *iam.Client {
				if name != "a page for people" {
					fault.Action = action
					srv.Fault(fault)
					return api
				}
				options := api.Options()
				options.HTTPClient = pageFor{options.HTTPClient, action}
				return iam.New(options)
			}
			srv, api := userAccount(t, "c1/gen3")
			api = blind(srv, api, "ListServiceSpecificCredentials")
			key, user, policy := userSteps(api, removal(api, "c1", "gen3"))
			mustDestroy(t, key, user, policy)
			wantSnapshot(t, srv, nil)
			wantWarnings(t, user.Warnings(), "service-specific credential of IAM user es could not be looked for")

			srv, api = roleAccount(t)
			before := srv.Snapshot()
			converge(t, roleFor(api, "c1", "gen3", issuerA))
			r := roleRemovalFor(blind(srv, api, "ListInstanceProfilesForRole"), "c1", "gen3")
			mustDestroy(t, r)
			wantSnapshot(t, srv, before)
			wantWarnings(t, r.Warnings(), "instance profile of IAM role shared could not be looked for")
		})
	}
}

func wantWarnings(t *testing.T, got []string, want string) {
	t.Helper()
	if len(got) != 1 || !strings.Contains(got[0], want) {
		t.Errorf("warnings %q, want one of %q", got, want)
	}
}

// TestAdditionThatIsThereAllTheSame is told by IAM.
func TestAdditionThatIsThereAllTheSame(t *testing.T) {
	srv, api := userAccount(t, "c1/gen3")
	_, err := api.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("es"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(readAll)})
	check(t, err)
	srv.Fault(awsfake.Fault{Action: "ListUserPolicies", Kind: awsfake.AccessDenied})
	r := removal(api, "c1", "gen3")
	r.Pace.Settle = 50 * time.Millisecond
	key, user, policy := userSteps(api, r)
	_, err = destroy(t, key, user, policy)
	wantError(t, err, "delete IAM user es", "DeleteConflict")
	if left := srv.Snapshot(); left["user/es/inline/inline"] == "" {
		t.Errorf("left %v", left)
	}
	wantWarnings(t, user.Warnings(), "inline policy of IAM user es could not be looked for")
}
