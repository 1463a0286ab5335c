package bootstrap_test

import (
	"context"
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
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func testFailures(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "failures")
	s.settings.SkipHelm = true
	before := s.photo(t)
	for _, denied := range []string{
		"iam:DeleteAccessKey", "iam:DeleteUser", "iam:DetachUserPolicy", "iam:DeletePolicy", "iam:ListEntitiesForPolicy",
		"iam:GetUser", "iam:GetPolicy", "iam:ListAccessKeys",
	} {
		s.up(t)
		allow := s.aws.Deny(denied)
		result, err := s.teardown(t, teardown.Options{})
		allow()
		if !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(show(result), "AccessDenied") {
			t.Errorf("%s denied: %v\n%s", denied, err, show(result))
		}
		s.mustTeardown(t, teardown.Options{})
		same(t, denied, before, s.photo(t))
	}
	s.up(t)
	defer s.aws.Deny("iam:GetLoginProfile")() // what somebody may have added, IAM itself does not let go unsaid
	if result := s.mustTeardown(t, teardown.Options{}); !strings.Contains(show(result), "login profile of IAM user external_secrets_user could not be looked for") {
		t.Errorf("no warning: %s", show(result))
	}
	same(t, "additions denied", before, s.photo(t))
}

func testInterrupted(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "interrupted")
	s.settings.SkipHelm = true
	before := s.photo(t)
	s.up(t)
	for _, at := range []string{"DeleteAccessKey", "DetachUserPolicy", "DeleteUser", "DeletePolicy"} {
		ctx, cancel := context.WithCancel(t.Context())
		s.aws.OnCall(func(phase awsfake.Phase, call awsfake.Call) {
			if phase == awsfake.Before && call.Action == at {
				cancel()
			}
		})
		in := s.settings
		in.Yes = true
		if result, err := teardown.Run(ctx, in, teardown.Options{}, s.env()); !errors.Is(err, bootstrap.ErrInterrupted) {
			t.Errorf("at %s: %v\n%s", at, err, show(result))
		}
	}
	s.aws.OnCall(func(awsfake.Phase, awsfake.Call) {})
	s.mustTeardown(t, teardown.Options{})
	same(t, "interrupted", before, s.photo(t))
}

// testGlobalSecret: the Secret was made for a key of ours, and now holds the global user's.
func testGlobalSecret(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "global-secret")
	s.settings.SkipHelm = true
	s.up(t)
	_, err := s.aws.AddUser("global", nil)
	kubetest.Must(t, err)
	id, err := s.aws.AddKey("global")
	kubetest.Must(t, err)
	patch := fmt.Sprintf(`{"stringData":{"access-key":%q,"secret-access-key":%q}}`, id, s.aws.SecretOf(id))
	_, err = c.kube.CoreV1().Secrets("global-secret").Patch(t.Context(), "gen3-aws-config", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	kubetest.Must(t, err)
	s.settings.UseGlobalUser = true
	s.up(t)
	s.forget()
	result := s.mustTeardown(t, teardown.Options{})
	if !strings.Contains(show(result), "gen3-aws-config: holds access key "+id) {
		t.Errorf("it is not said:\n%s", show(result))
	}
	if _, err := c.kube.CoreV1().Secrets("global-secret").Get(t.Context(), "gen3-aws-config", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	for key := range s.aws.Snapshot() {
		if strings.Contains(key, "external_secrets") {
			t.Errorf("kept: %s", key)
		}
	}
}

func testClusterGone(t *testing.T, c *cluster) {
	aws := awsfake.Start(t)
	s, other := c.newStage(t, aws, "cluster-gone"), c.newStage(t, aws, "cluster-here")
	s.settings.SkipHelm, other.settings.SkipHelm = true, true
	other.up(t)
	before := aws.Snapshot()
	id := s.up(t).Cluster.ID
	s.forget()
	s.settings.Kubeconfig = "/nowhere"
	result := s.mustTeardown(t, teardown.Options{ClusterID: id})
	if result.Cluster.ID != id || result.Cluster.Server != "" {
		t.Errorf("cluster: %+v", result.Cluster)
	}
	same(t, "cluster that is gone", before, aws.Snapshot())
	again := s.mustTeardown(t, teardown.Options{ClusterID: id})
	if plan.Pending(again.Changes) {
		t.Errorf("again:\n%s", show(again))
	}
	for _, o := range []teardown.Options{{ClusterID: "prod"}, {ClusterID: id, DeleteCRDs: true}, {ClusterID: id, Only: []string{"helm-release"}}} {
		if _, err := s.teardown(t, o); err == nil {
			t.Errorf("%+v is no error", o)
		}
	}
}

// testClusterGoneIRSA finds the identity provider by what the role's tag says, since no cluster can be asked.
func testClusterGoneIRSA(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "role-gone")
	s.settings.SkipHelm, s.settings.IRSA, s.settings.CreateOIDCProvider = true, true, true
	id := s.up(t).Cluster.ID
	s.forget()
	s.settings.Kubeconfig = "/nowhere"
	s.mustTeardown(t, teardown.Options{ClusterID: id})
	for key := range s.aws.Snapshot() {
		if strings.Contains(key, "role/") || strings.Contains(key, "policy/") || strings.Contains(key, "/owner/") {
			t.Errorf("kept: %s", key)
		}
	}
}

func testNamespaceGone(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "ns-gone")
	s.settings.SkipHelm = true
	before := s.photo(t)
	s.up(t)
	kubetest.Must(t, c.kube.CoreV1().Namespaces().Delete(t.Context(), "ns-gone", metav1.DeleteOptions{}))
	c.awaitGone(t, "ns-gone")
	s.forget()
	s.mustTeardown(t, teardown.Options{})
	same(t, "namespace that is gone", before, s.photo(t))
}

func testLag(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "lag")
	s.settings.SkipHelm = true
	before := s.photo(t)
	s.aws.DelayVisibility(s.settings.Timing.Settle*9/10, true)
	s.up(t)
	s.mustTeardown(t, teardown.Options{})
	same(t, "IAM that lags", before, s.photo(t))
}
