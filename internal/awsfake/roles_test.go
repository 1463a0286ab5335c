package awsfake_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestRoleLifecycle(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, name := admin(srv).iam, t.Context(), aws.String("irsa")
	must[*iam.CreateRoleOutput](t)(c.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: aws.String(trustEC2), Path: aws.String("/gen3/"),
	}))
	arn := aws.String(must[string](t)(srv.AddPolicy("p", readSecrets, nil)))
	must[*iam.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: arn}))
	next := strings.Replace(trustEC2, "ec2", "eks", 1)
	must[*iam.UpdateAssumeRolePolicyOutput](t)(c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: &next}))
	must[*iam.UpdateRoleOutput](t)(c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, Description: aws.String("note")}))
	got := must[*iam.GetRoleOutput](t)(c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})).Role
	plain, _ := url.PathUnescape(*got.AssumeRolePolicyDocument)
	if *got.Arn != "arn:aws:iam::123456789012:role/gen3/irsa" || plain != next || *got.Description != "note" || got.RoleLastUsed.LastUsedDate != nil {
		t.Errorf("got %+v", got)
	}
	_, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	wantCode(t, err, "DeleteConflict")
	must[*iam.ListInstanceProfilesForRoleOutput](t)(c.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: name}))
	must[*iam.DetachRolePolicyOutput](t)(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: arn}))
	must[*iam.DeleteRoleOutput](t)(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))
	_, err = c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	wantCode(t, err, "NoSuchEntity")
}

func TestTrustPoliciesAreJudged(t *testing.T) {
	statement := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRoleWithWebIdentity"}}`
	}
	const bad = "MalformedPolicyDocument"
	tests := map[string]struct{ text, want string }{
		"service":                {trustEC2, ""},
		"provider":               {statement(`{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/1"}`), ""},
		"provider elsewhere":     {statement(`{"Federated":"arn:aws-cn:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/1"}`), bad},
		"provider by URL":        {statement(`{"Federated":"https://oidc.eks.us-east-1.amazonaws.com/id/1"}`), bad},
		"user of the account":    {statement(`{"AWS":"arn:aws:iam::123456789012:user/es"}`), ""},
		"absent user":            {statement(`{"AWS":"arn:aws:iam::123456789012:user/none"}`), bad},
		"the account":            {statement(`{"AWS":["arn:aws:iam::123456789012:root","123456789012"]}`), ""},
		"another account":        {statement(`{"AWS":"arn:aws:iam::111111111111:role/x"}`), ""},
		"no principal":           {`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`, bad},
		"a resource":             {strings.Replace(trustEC2, `"Action"`, `"Resource":"*","Action"`, 1), bad},
		"another action":         {strings.Replace(trustEC2, "sts:AssumeRole", "iam:GetUser", 1), bad},
		"2048 characters":        {trustOf(2048), ""},
		"2049 characters":        {trustOf(2049), "LimitExceeded"},
		"unknown principal kind": {statement(`{"User":"es"}`), bad},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.Start(t)
			must[string](t)(srv.AddUser("es", nil))
			_, err := admin(srv).iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: &tt.text})
			wantCode(t, err, tt.want)
		})
	}
}

// trustOf is a trust policy of n characters that count, and some that do not.
func trustOf(n int) string {
	head := strings.TrimSuffix(trustEC2, "}}") + `,"Condition":{"StringEquals":{"a:b":"`
	tail := `"}}}}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail + "\n\n"
}

func TestRoleNamesAreJudged(t *testing.T) {
	srv := awsfake.Start(t)
	must[string](t)(srv.AddRole("Taken", trustEC2, nil))
	for name, want := range map[string]string{
		strings.Repeat("a", 64): "", strings.Repeat("a", 65): "ValidationError", "a/b": "ValidationError", "taken": "EntityAlreadyExists",
	} {
		_, err := admin(srv).iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustEC2)})
		wantCode(t, err, want)
	}
}

func TestProviderLifecycle(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	url := aws.String("https://oidc.eks.us-east-1.amazonaws.com/id/ABC")
	arn := must[*iam.CreateOpenIDConnectProviderOutput](t)(c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: url, ClientIDList: []string{"sts.amazonaws.com"},
	})).OpenIDConnectProviderArn
	_, err := c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: url})
	wantCode(t, err, "EntityAlreadyExists")
	add := &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("other")}
	for range 2 { // adding again is no error
		must[*iam.AddClientIDToOpenIDConnectProviderOutput](t)(c.AddClientIDToOpenIDConnectProvider(ctx, add))
	}
	must[*iam.TagOpenIDConnectProviderOutput](t)(c.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: arn, Tags: sdkTags("a", "1"),
	}))
	got := must[*iam.GetOpenIDConnectProviderOutput](t)(c.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))
	if *got.Url != "oidc.eks.us-east-1.amazonaws.com/id/ABC" || len(got.ClientIDList) != 2 || len(got.Tags) != 1 {
		t.Errorf("got %+v", got)
	}
	for range 2 { // deleting again is no error either
		must[*iam.DeleteOpenIDConnectProviderOutput](t)(c.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))
	}
	_, err = c.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	wantCode(t, err, "NoSuchEntity")
}

func TestProvidersAreJudged(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	for url, want := range map[string]string{
		"http://issuer.example.com": "ValidationError", "https://issuer.example.com:8443": "ValidationError", "issuer": "ValidationError",
	} {
		_, err := c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url})
		wantCode(t, err, want)
	}
	_, err := c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://issuer.example.com"), ThumbprintList: []string{"short"}})
	wantCode(t, err, "ValidationError")
	for i := range 100 {
		must[string](t)(srv.AddOIDCProvider(fmt.Sprintf("https://issuer.example.com/%d", i), nil, nil))
	}
	_, err = c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://issuer.example.com")})
	wantCode(t, err, "LimitExceeded")
}
