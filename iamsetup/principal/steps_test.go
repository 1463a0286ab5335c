package principal_test

import (
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
)

// principalFor is what both go by for one namespace.
func principalFor(api *iam.Client, namespace, path string) principal.Up {
	return principal.Up{Up: iamtest.Making(api, "c1", namespace), Path: path, PolicyARN: iamtest.PolicyARN}
}

func userFor(api *iam.Client, namespace string) *user.Up {
	return &user.Up{Up: principalFor(api, namespace, "/"), Lookup: &principal.UserLookup{API: api, UserName: "es"}}
}

func roleFor(api *iam.Client, namespace string) *role.Up {
	return &role.Up{
		Up: principalFor(api, namespace, "/gen3/"), RoleName: "shared",
		Trusted: role.Trusted{Issuer: iamtest.IssuerA, Subject: role.Subject(namespace, "secret-store-sa")},
	}
}
