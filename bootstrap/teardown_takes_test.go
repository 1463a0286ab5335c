package bootstrap_test

import (
	"slices"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// testEarlierUser runs what up and status tell who changed the user's name: the store reads with the new user's key, and
// loses nothing by the end of the old one. That of the new one still counts.
func testEarlierUser(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "renamed-user")
	s.settings.Helm.Set = []string{"webhook.create=false"} // nobody serves it here
	s.settings.UserName = "first"
	s.up(t)
	c.crdsAre(t, true)
	s.settings.UserName, s.settings.SecretNames = "second", []string{"second-key", bootstrap.ChartSecretName}
	s.up(t)
	c.store(t, "renamed-user", "gen3-secret-store", bootstrap.ChartSecretName)
	s.forget()
	only := teardown.Options{Only: []string{"access-key", "iam-user"}}
	s.settings.UserName = "second"
	if result, err := s.teardown(t, only); err == nil {
		t.Errorf("the key in use goes:\n%s", show(result))
	}
	s.settings.UserName = "first"
	if result := s.mustTeardown(t, only); slices.Contains(result.Outputs.Secrets, "renamed-user/"+bootstrap.ChartSecretName) {
		t.Errorf("%s", show(result))
	}
	if _, left := s.aws.Snapshot()["user/first"]; left || len(s.aws.Keys("second")) != 1 {
		t.Errorf("first is kept: %v; keys of second: %v", left, s.aws.Keys("second"))
	}
	s.settings.UserName = ""
	s.mustTeardown(t, teardown.Options{Force: true, DeleteCRDs: true})
	s.mustBeGone(t)
}
