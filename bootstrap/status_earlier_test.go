package bootstrap_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// testStatusRenamed: what an earlier up made under another name still works, and is told.
func testStatusRenamed(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-renamed")
	s.settings.SkipHelm, s.settings.UserName, s.settings.SecretNames = true, "first", []string{"first-secret"}
	s.up(t)
	old := s.aws.Keys("first")[0].ID
	s.aws.SetKeyCreated(old, time.Now().Add(-40*24*time.Hour))
	s.settings.UserName, s.settings.SecretNames = "second", nil
	up := s.up(t)
	s.forget()
	s.settings.SecretNames = nil
	r := s.mustStatus(t)
	for _, warnings := range [][]string{bootstrap.Messages(up.Warnings), bootstrap.Messages(r.Warnings)} {
		if !strings.Contains(strings.Join(warnings, "\n"), "teardown --only access-key --only iam-user --user-name first") {
			t.Errorf("the user of before is not told: %q", warnings)
		}
	}
	if len(r.Keys) != 2 || r.Keys[1].ID != old && r.Keys[0].ID != old || !strings.Contains(showStatus(r), "first-secret") {
		t.Errorf("%s", showStatus(r))
	}
	if _, err := s.status(t, 30*24*time.Hour); err == nil {
		t.Error("the old key of the user of before is not counted")
	}
	result := s.mustTeardown(t, teardown.Options{Only: []string{"access-key", "iam-user"}})
	if !strings.Contains(show(result), old) {
		t.Errorf("%s", show(result))
	}
}

// testStatusRecorded: tags and the like are as the last up had them, and their loss is drift.
func testStatusRecorded(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-recorded")
	s.settings.SkipHelm, s.settings.Tags = true, []string{"team=x"}
	s.up(t)
	s.forget()
	s.settings.Tags = nil
	if r := s.mustStatus(t); r.Drift {
		t.Errorf("%s", showStatus(r))
	}
	user := bootstrap.DefaultUserName
	_, err := s.iam().UntagUser(t.Context(), &iam.UntagUserInput{UserName: &user, TagKeys: []string{"team"}})
	kubetest.Must(t, err)
	if r := s.mustStatus(t); !r.Drift {
		t.Errorf("a lost tag is no drift: %s", showStatus(r))
	}
}

// testStatusAfterPart: a teardown that took the release and came no further does not make the mode another one.
func testStatusAfterPart(t *testing.T, c *cluster) {
	s := irsaStage(t, c, awsfake.Start(t), "status-part")
	s.settings.RoleName = "part"
	s.up(t)
	s.forget()
	s.settings.RoleName, s.settings.IRSA = "", false
	s.mustTeardown(t, teardown.Options{Only: []string{"irsa-role"}})
	r := s.mustStatus(t)
	if r.Mode != "irsa" || !r.Drift {
		t.Errorf("%s", showStatus(r))
	}
}
