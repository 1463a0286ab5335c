package iamsetup_test

import (
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
)

// stepsFor are the steps of one namespace by kind, each of which makes what is not there.
func stepsFor(api *iam.Client, namespace string, tags map[string]string) map[string]iamtest.Step {
	up := iamtest.Making(api, "c1", namespace)
	up.Tags = tags
	both := principal.Up{Up: up, Path: "/", PolicyARN: iamtest.PolicyARN}
	return map[string]iamtest.Step{
		"policy":   &policy.Up{Up: up, PolicyName: "made", Path: "/", Scope: policy.Scope{Region: "us-east-1"}},
		"user":     &user.Up{Up: both, Lookup: &principal.UserLookup{API: api, UserName: "es"}},
		"provider": &oidcprovider.Up{Up: up, Issuer: iamtest.IssuerA, Create: true},
		"role": &role.Up{
			Up: both, RoleName: "shared", Trusted: role.Trusted{Issuer: iamtest.IssuerA, Subject: role.Subject(namespace, "secret-store-sa")},
		},
	}
}
