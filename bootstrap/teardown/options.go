package teardown

import (
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
)

// Options are the settings that teardown alone has.
type Options struct {
	DryRun         bool
	Force          bool     // also when objects of External Secrets lose their ground
	DeleteCRDs     bool     // the CRDs go with the release
	DeleteProvider bool     // the OIDC identity provider goes with its last owner
	Only           []string // steps; none: all
	// ClusterID is the UID of kube-system of a cluster that does not exist any more: what was made for it in IAM is deleted, and no cluster is
	// asked anything.
	ClusterID string
}

// Steps are the names that --only takes: those of up.
func Steps() []string {
	return []string{bootstrap.HelmStep, policy.Step, user.Step, accesskey.Step, oidcprovider.Step, role.Step}
}

// wants reports whether a step's resources are to go.
func (o Options) wants(step string) bool {
	if o.ClusterID != "" && step == bootstrap.HelmStep {
		return false
	}
	return len(o.Only) == 0 || slices.Contains(o.Only, step)
}

// check returns everything that is wrong with the options themselves.
func (o Options) check(s bootstrap.Settings) []error {
	var c bootstrap.Checker
	for _, step := range o.Only {
		if !slices.Contains(Steps(), step) {
			c.Add("the steps are "+strings.Join(Steps(), ", "), "--only %q is no step", step)
		}
	}
	if o.DeleteCRDs && (!o.wants(bootstrap.HelmStep) || s.SkipHelm) {
		c.Add("", "--delete-crds goes with the Helm release, which this teardown leaves alone")
	}
	if o.DeleteProvider && !o.wants(oidcprovider.Step) {
		c.Add("", "--delete-oidc-provider needs step %s, which --only leaves out", oidcprovider.Step)
	}
	if s.SkipHelm && slices.Contains(o.Only, bootstrap.HelmStep) {
		c.Add("leave one of them out", "--only %s and --skip-helm say the opposite", bootstrap.HelmStep)
	}
	if o.ClusterID == "" {
		return c.Problems
	}
	if !bootstrap.UIDForm.MatchString(o.ClusterID) {
		c.Add("it is the UID of namespace kube-system; tags of our IAM resources have it: gen3-bootstrap/owner/<cluster>/<namespace>",
			"--cluster-id %q is not the UID of a cluster", o.ClusterID)
	}
	if s.Namespace == "" {
		c.Add("a kubeconfig is not read here, so that its default does not count", "--cluster-id needs --namespace, of the Gen3 release that was there")
	}
	if o.DeleteProvider && s.OIDCIssuer == "" {
		c.Add("tokens of that cluster named it: https://oidc.eks.<region>.amazonaws.com/id/<id>", "--delete-oidc-provider needs --oidc-issuer with --cluster-id")
	}
	if slices.Contains(o.Only, bootstrap.HelmStep) {
		c.Add("", "--only %s cannot go with --cluster-id: that cluster is not asked", bootstrap.HelmStep)
	}
	return c.Problems
}

// describe says what the run is about to do and where, for who has to confirm it.
func (o Options) describe() string {
	if o.ClusterID != "" {
		return "this is what it has in AWS for cluster " + o.ClusterID + ", which is gone"
	}
	return ""
}
