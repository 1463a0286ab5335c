package bootstrap_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

// testOtherName: a whole teardown that leaves out what the record names would lose track of it.
func testOtherName(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "other-name")
	s.settings.SkipHelm, s.settings.UserName = true, "mine"
	before := s.photo(t)
	s.up(t)
	there := s.photo(t)
	s.forget()
	s.settings.UserName = "other"
	result, err := s.teardown(t, teardown.Options{})
	if !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(show(result), "--user-name other leaves out mine") || result.Changed {
		t.Errorf("another user: %v\n%s", err, show(result))
	}
	same(t, "refused", there, s.photo(t))
	s.forget()
	s.mustTeardown(t, teardown.Options{})
	same(t, "names left to the record", before, s.photo(t))
}

// testOneUserOfTwo: what an earlier up made under another name goes, and the Secrets in use stay.
func testOneUserOfTwo(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "of-two")
	s.settings.SkipHelm, s.settings.UserName, s.settings.SecretNames = true, "first", []string{"first-secret"}
	s.up(t)
	s.settings.UserName, s.settings.SecretNames = "second", []string{"second-secret"}
	s.up(t)
	s.forget()
	s.settings.UserName, s.settings.SecretNames = "first", nil
	result := s.mustTeardown(t, teardown.Options{Only: []string{"access-key", "iam-user"}})
	secrets := c.kube.CoreV1().Secrets("of-two")
	if _, err := secrets.Get(t.Context(), "second-secret", metav1.GetOptions{}); err != nil {
		t.Errorf("%v\n%s", err, show(result))
	}
	if _, err := secrets.Get(t.Context(), "first-secret", metav1.GetOptions{}); err == nil {
		t.Errorf("the Secret of the user that went is left\n%s", show(result))
	}
	s.settings.UserName, s.settings.SecretNames = "second", []string{"second-secret"}
	s.mustBeConverged(t)
}

// testKeyOfSomebodyElse: a Secret of ours into which somebody put a key of his own is not thrown away with it.
func testKeyOfSomebodyElse(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "their-key")
	s.settings.SkipHelm = true
	s.up(t)
	_, err := s.aws.AddUser("global", nil)
	kubetest.Must(t, err)
	id, err := s.aws.AddKey("global")
	kubetest.Must(t, err)
	secrets := c.kube.CoreV1().Secrets("their-key")
	put := func(name, id, half string) {
		patch := fmt.Sprintf(`{"stringData":{"access-key":%q,"secret-access-key":%q}}`, id, half)
		_, err := secrets.Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		kubetest.Must(t, err)
	}
	put("gen3-aws-config", id, s.aws.SecretOf(id))
	put("external-secrets-user-secret", "AKIAI44QH8DHBEXAMPLE", "of a key that is gone")
	s.forget()
	result := s.mustTeardown(t, teardown.Options{})
	if !strings.Contains(show(result), "secret/their-key/gen3-aws-config: holds access key "+id) {
		t.Errorf("it is not said:\n%s", show(result))
	}
	if _, err := secrets.Get(t.Context(), "gen3-aws-config", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := secrets.Get(t.Context(), "external-secrets-user-secret", metav1.GetOptions{}); err == nil {
		t.Error("the Secret with a dead key is left")
	}
}

// testProviderInUse: the provider stays with a role that lets in others whom it vouches for.
func testProviderInUse(t *testing.T, c *cluster) {
	s := irsaStage(t, c, awsfake.Start(t), "provider-in-use")
	s.settings.RoleName = "shared"
	s.up(t)
	trust := s.trust(t, "shared", "")
	s.trust(t, "shared", strings.Replace(trust, `system:serviceaccount:provider-in-use:`, `system:serviceaccount:elsewhere:`, 1))
	s.forget()
	s.settings.RoleName = ""
	result, _ := s.teardown(t, teardown.Options{DeleteProvider: true})
	if !strings.Contains(show(result), "IAM role shared is kept, and trusts it") {
		t.Errorf("%s", show(result))
	}
	if provider := s.aws.Snapshot(); !strings.Contains(fmt.Sprint(provider), "oidc-provider") {
		t.Errorf("the provider is gone: %v", provider)
	}
}

// testAskedForLate: what a flag wants gone goes also when an earlier teardown left it and took it out of the record.
func testAskedForLate(t *testing.T, c *cluster) {
	s := irsaStage(t, c, awsfake.Start(t), "asked-late")
	before := s.photo(t)
	s.up(t)
	s.forget()
	s.mustTeardown(t, teardown.Options{Only: []string{"oidc-provider"}})
	s.mustTeardown(t, teardown.Options{DeleteProvider: true})
	same(t, "asked for late", before, s.photo(t))
}
