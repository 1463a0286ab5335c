package awsfake_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestAssumeRole(t *testing.T) {
	trust := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"}}`
	}
	const may = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}`
	const root, es, other = "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/es", "arn:aws:iam::123456789012:user/other"
	tests := map[string]struct {
		principal  string
		permission bool
		want       string
	}{
		"named":                           {es, false, ""},
		"the account, with permission":    {root, true, ""},
		"the account, without permission": {root, false, "AccessDenied"},
		"another is named":                {other, true, "AccessDenied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.Start(t)
			c, _ := user(t, srv, "es")
			must[string](t)(srv.AddUser("other", nil))
			must[string](t)(srv.AddRole("r", trust(tt.principal), nil))
			if tt.permission {
				wantCode(t, srv.Attach(es, must[string](t)(srv.AddPolicy("may", may, nil))), "")
			}
			_, err := c.sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{
				RoleArn: aws.String("arn:aws:iam::123456789012:role/r"), RoleSessionName: aws.String("s1"),
			})
			wantCode(t, err, tt.want)
		})
	}
}

func TestSessionParametersAreJudged(t *testing.T) {
	srv := awsfake.Start(t)
	must[string](t)(srv.AddRole("r", strings.Replace(trustEC2, `"Service":"ec2.amazonaws.com"`, `"AWS":"123456789012"`, 1), nil))
	tests := map[string]struct {
		arn, name string
		seconds   int32
		want      string
	}{
		"right":          {"arn:aws:iam::123456789012:role/r", "session", 900, ""},
		"too short":      {"arn:aws:iam::123456789012:role/r", "session", 899, "ValidationError"},
		"over the role":  {"arn:aws:iam::123456789012:role/r", "session", 3601, "ValidationError"},
		"name too short": {"arn:aws:iam::123456789012:role/r", "s", 900, "ValidationError"},
		"wrong path":     {"arn:aws:iam::123456789012:role/x/r", "session", 900, "AccessDenied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := admin(srv).sts.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &tt.arn, RoleSessionName: &tt.name, DurationSeconds: &tt.seconds})
			wantCode(t, err, tt.want)
		})
	}
}
