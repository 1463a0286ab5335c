package iamtest

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// Blinded returns, for each way in which an action can be refused that only looks, what makes such a client.
func Blinded() map[string]func(srv *awsfake.Server, api *iam.Client, action string) *iam.Client {
	fault := func(f awsfake.Fault) func(*awsfake.Server, *iam.Client, string) *iam.Client {
		return func(srv *awsfake.Server, api *iam.Client, action string) *iam.Client {
			f.Action = action
			srv.Fault(f)
			return api
		}
	}
	return map[string]func(*awsfake.Server, *iam.Client, string) *iam.Client{
		"access denied":     fault(awsfake.Fault{Kind: awsfake.AccessDenied}),
		"an unknown action": fault(awsfake.Fault{Kind: awsfake.CustomError, Status: http.StatusBadRequest, Code: "InvalidAction"}),
		"a page for people": func(_ *awsfake.Server, api *iam.Client, action string) *iam.Client {
			options := api.Options()
			options.HTTPClient = pageFor{options.HTTPClient, action}
			return iam.New(options)
		},
	}
}

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
