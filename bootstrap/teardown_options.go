package bootstrap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
)

// TeardownOptions are the settings that teardown alone has.
type TeardownOptions struct {
	DryRun         bool
	Force          bool     // also when objects of External Secrets lose their ground
	DeleteCRDs     bool     // the CRDs go with the release
	DeleteProvider bool     // the OIDC identity provider goes with its last owner
	Only           []string // steps; none: all
	// ClusterID is the UID of kube-system of a cluster that is no more: its owner's part of IAM goes, and no cluster is
	// asked anything.
	ClusterID string
}

// TeardownSteps are the names that --only takes: those of up.
func TeardownSteps() []string {
	return []string{HelmStep, policy.Step, user.Step, accesskey.Step, oidcprovider.Step, role.Step}
}

// wants reports whether a step's resources are to go.
func (o TeardownOptions) wants(step string) bool {
	if o.ClusterID != "" && step == HelmStep {
		return false
	}
	return len(o.Only) == 0 || slices.Contains(o.Only, step)
}

// check returns everything that is wrong with the options themselves.
func (o TeardownOptions) check(s Settings) []error {
	var c checker
	for _, step := range o.Only {
		if !slices.Contains(TeardownSteps(), step) {
			c.add("the steps are "+strings.Join(TeardownSteps(), ", "), "--only %q is no step", step)
		}
	}
	if o.DeleteCRDs && (!o.wants(HelmStep) || s.SkipHelm) {
		c.add("", "--delete-crds goes with the Helm release, which this teardown leaves alone")
	}
	if o.DeleteProvider && !o.wants(oidcprovider.Step) {
		c.add("", "--delete-oidc-provider needs step %s, which --only leaves out", oidcprovider.Step)
	}
	if s.SkipHelm && slices.Contains(o.Only, HelmStep) {
		c.add("leave one of them out", "--only %s and --skip-helm say the opposite", HelmStep)
	}
	if o.ClusterID == "" {
		return c.problems
	}
	if !uidForm.MatchString(o.ClusterID) {
		c.add("it is the UID of namespace kube-system; tags of our IAM resources have it: gen3-bootstrap/owner/<cluster>/<namespace>",
			"--cluster-id %q is not the UID of a cluster", o.ClusterID)
	}
	if s.Namespace == "" {
		c.add("a kubeconfig is not read here, so that its default does not count", "--cluster-id needs --namespace, of the Gen3 release that was there")
	}
	if o.DeleteProvider && s.OIDCIssuer == "" {
		c.add("tokens of that cluster named it: https://oidc.eks.<region>.amazonaws.com/id/<id>", "--delete-oidc-provider needs --oidc-issuer with --cluster-id")
	}
	if slices.Contains(o.Only, HelmStep) {
		c.add("", "--only %s cannot go with --cluster-id: that cluster is not asked", HelmStep)
	}
	return c.problems
}

// describe says what the run is about to do and where, for who has to confirm it.
func (o TeardownOptions) describe(t *target) string {
	if o.ClusterID != "" {
		return fmt.Sprintf("teardown of what namespace %s of cluster %s, which is gone, has in AWS account %s", t.settings.Namespace, o.ClusterID, t.settings.Account)
	}
	return fmt.Sprintf("teardown in AWS account %s and in cluster %s (context %s), namespace %s", t.settings.Account, t.kube.Server, t.kube.Context, t.settings.Namespace)
}
