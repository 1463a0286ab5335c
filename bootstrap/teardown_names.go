package bootstrap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// checkNames refuses a whole teardown that leaves something out which the record names: its owner's tag would go, and
// nothing would lead to it any more.
func (t *teardown) checkNames() error {
	if t.recorded() == nil || len(t.options.Only) > 0 {
		return nil
	}
	s, known := t.settings, Settings{Account: t.settings.Account}.recall(t.recorded(), t.owner)
	var left []string
	leaves := func(flag, given string, names []string) {
		others := without(names, []string{given})
		if given != "" && len(others) > 0 {
			left = append(left, fmt.Sprintf("--%s %s leaves out %s", flag, given, strings.Join(others, ", ")))
		}
	}
	leaves("user-name", s.UserName, known.users)
	leaves("policy-name", s.PolicyName, namesOf(known.policies, func(p policyName) string { return p.name }))
	leaves("iam-path", s.IAMPath, namesOf(known.policies, func(p policyName) string { return p.path }))
	leaves("release", s.Helm.Release, namesOf(known.releases, func(r releaseName) string { return r.name }))
	leaves("release-namespace", s.Helm.Namespace, namesOf(known.releases, func(r releaseName) string { return r.namespace }))
	leaves("oidc-issuer", s.OIDCIssuer, known.issuers)
	leaves("role-name", s.RoleName, namesOf(known.roles, func(r roleName) string { return r.name }))
	if others := without(known.secrets, s.SecretNames); len(s.SecretNames) > 0 && len(others) > 0 {
		left = append(left, "--secret-name leaves out "+strings.Join(others, ", "))
	}
	if left == nil {
		return nil
	}
	return hint.With(fmt.Errorf("check names: %s, which the record of namespace %s names", strings.Join(left, "; "), t.target.settings.Namespace),
		"leave the flags out: a whole teardown takes all that the record names; with --only "+user.Step+" and the like they choose")
}

func namesOf[T any](all []T, name func(T) string) []string {
	var out []string
	for _, x := range all {
		out = addOnce(out, name(x))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
