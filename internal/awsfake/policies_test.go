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

func TestPolicyLifecycle(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	must[string](t)(srv.AddUser("es", nil))
	made := must[*iam.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String("p"), PolicyDocument: aws.String(readSecrets), Path: aws.String("/gen3/"),
	})).Policy
	if *made.Arn != "arn:aws:iam::123456789012:policy/gen3/p" || *made.DefaultVersionId != "v1" {
		t.Errorf("made %+v", made)
	}
	must[*iam.AttachUserPolicyOutput](t)(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("es"), PolicyArn: made.Arn}))
	got := must[*iam.GetPolicyOutput](t)(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: made.Arn})).Policy
	if *got.AttachmentCount != 1 || *got.PolicyId != *made.PolicyId || *got.Path != "/gen3/" {
		t.Errorf("got %+v", got)
	}
	who := must[*iam.ListEntitiesForPolicyOutput](t)(c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: made.Arn}))
	if len(who.PolicyUsers) != 1 || *who.PolicyUsers[0].UserName != "es" {
		t.Errorf("attached to %+v", who)
	}
	_, err := c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: made.Arn})
	wantCode(t, err, "DeleteConflict")
	must[*iam.DetachUserPolicyOutput](t)(c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: aws.String("es"), PolicyArn: made.Arn}))
	_, err = c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: aws.String("es"), PolicyArn: made.Arn})
	wantCode(t, err, "NoSuchEntity")
	must[*iam.DeletePolicyOutput](t)(c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: made.Arn}))
	_, err = c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: made.Arn})
	wantCode(t, err, "NoSuchEntity")
}

func TestPolicyDocumentComesBackURLEncoded(t *testing.T) {
	srv := awsfake.Start(t)
	text := strings.Replace(readSecrets, `"Allow"`, ` "Allow" `, 1)
	arn := must[string](t)(srv.AddPolicy("p", text, nil))
	got := must[*iam.GetPolicyVersionOutput](t)(admin(srv).iam.GetPolicyVersion(t.Context(), &iam.GetPolicyVersionInput{
		PolicyArn: &arn, VersionId: aws.String("v1"),
	})).PolicyVersion
	plain, err := url.PathUnescape(*got.Document)
	if err != nil || plain != text || strings.ContainsAny(*got.Document, ` "+`) || !strings.Contains(*got.Document, "%20") {
		t.Errorf("document %s (%v)", *got.Document, err)
	}
}

func TestFiveVersionsAPolicy(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	arn := aws.String(must[string](t)(srv.AddPolicy("p", readSecrets, nil)))
	add := &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(readSecrets), SetAsDefault: true}
	for range 4 {
		must[*iam.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, add))
	}
	_, err := c.CreatePolicyVersion(ctx, add)
	wantCode(t, err, "LimitExceeded")
	_, err = c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v5")})
	wantCode(t, err, "DeleteConflict")
	_, err = c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	wantCode(t, err, "DeleteConflict")
	must[*iam.SetDefaultPolicyVersionOutput](t)(c.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")}))
	must[*iam.DeletePolicyVersionOutput](t)(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v5")}))
	out := must[*iam.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(readSecrets)}))
	if *out.PolicyVersion.VersionId != "v6" || out.PolicyVersion.IsDefaultVersion {
		t.Errorf("after v5 came %+v", out.PolicyVersion)
	}
}

func TestTenPoliciesAUser(t *testing.T) {
	srv := awsfake.Start(t)
	u := must[string](t)(srv.AddUser("es", nil))
	for i := range 11 {
		arn := must[string](t)(srv.AddPolicy(fmt.Sprintf("p%d", i), readSecrets, nil))
		if i < 10 {
			wantCode(t, srv.Attach(u, arn), "")
			continue
		}
		_, err := admin(srv).iam.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: aws.String("es"), PolicyArn: &arn})
		wantCode(t, err, "LimitExceeded")
	}
}

func TestAttachAnAbsentPolicy(t *testing.T) {
	srv := awsfake.Start(t)
	must[string](t)(srv.AddUser("es", nil))
	for arn, want := range map[string]string{
		"arn:aws:iam::123456789012:policy/none":         "NoSuchEntity",
		"arn:aws-cn:iam::123456789012:policy/none":      "InvalidInput",
		"not-an-arn-but-long-enough":                    "InvalidInput",
		"short":                                         "ValidationError",
		"arn:aws:iam::aws:policy/AdministratorAccess":   "",
		"arn:aws:iam::123456789012:policy/other/path/p": "NoSuchEntity",
	} {
		_, err := admin(srv).iam.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: aws.String("es"), PolicyArn: &arn})
		if code(err) != want {
			t.Errorf("attach %s: %v, want %q", arn, err, want)
		}
	}
}

func TestPolicyDocumentsAreJudged(t *testing.T) {
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":` + s + `}` }
	const bad = "MalformedPolicyDocument"
	tests := map[string]struct{ text, want string }{
		"right":             {readSecrets, ""},
		"not JSON":          {"{", bad},
		"unknown version":   {strings.Replace(readSecrets, "2012", "2013", 1), bad},
		"no version":        {`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`, bad},
		"no statement":      {`{"Version":"2012-10-17"}`, bad},
		"empty statement":   {statement(`[]`), bad},
		"unknown field":     {statement(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Comment":"x"}`), bad},
		"field in lower":    {statement(`{"effect":"Allow","Action":"s3:*","Resource":"*"}`), bad},
		"effect by case":    {statement(`{"Effect":"allow","Action":"s3:*","Resource":"*"}`), bad},
		"no action":         {statement(`{"Effect":"Allow","Resource":"*"}`), bad},
		"bare action":       {statement(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`), bad},
		"no resource":       {statement(`{"Effect":"Allow","Action":"s3:*"}`), bad},
		"resource no ARN":   {statement(`{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}`), bad},
		"short ARN":         {statement(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3"}`), bad},
		"principal":         {statement(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`), bad},
		"sid with a hyphen": {statement(`{"Sid":"a-b","Effect":"Allow","Action":"s3:*","Resource":"*"}`), bad},
		"sid twice": {statement(`[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},
			{"Sid":"a","Effect":"Deny","Action":"s3:*","Resource":"*"}]`), bad},
		"unknown operator": {statement(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringIs":{"a:b":"c"}}}`), bad},
		"known operators": {statement(`{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::b"],
			"Condition":{"ForAllValues:StringLikeIfExists":{"a:b":["c"]},"Bool":{"aws:SecureTransport":true}}}`), ""},
		"6144 characters": {sized(6144), ""},
		"6145 characters": {sized(6145), "LimitExceeded"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.Start(t)
			_, err := admin(srv).iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: &tt.text})
			wantCode(t, err, tt.want)
		})
	}
}

// sized is a policy document of n characters that count, and many that do not.
func sized(n int) string {
	head, tail := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::`, `"}}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail + strings.Repeat("\n ", 1000)
}

func TestPolicyNamesAreJudged(t *testing.T) {
	srv := awsfake.Start(t)
	must[string](t)(srv.AddPolicy("Taken", readSecrets, nil))
	for name, want := range map[string]string{
		strings.Repeat("a", 128): "", strings.Repeat("a", 129): "ValidationError", "a b": "ValidationError", "tAKEN": "EntityAlreadyExists",
	} {
		_, err := admin(srv).iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(readSecrets), Path: aws.String("/x/")})
		wantCode(t, err, want)
	}
}
