package teardown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// checkNames refuses a whole teardown that leaves something out which the record names: its owner's tag would go, and
// nothing would lead to it any more.
func (t *teardown) checkNames() error {
	if t.recorded() == nil || len(t.options.Only) > 0 {
		return nil
	}
	s, known := t.Settings, bootstrap.Settings{Account: t.Settings.Account}.Recall(t.recorded(), t.owner)
	var left []string
	leaves := func(flag, given string, names []string) {
		others := words.Without(names, []string{given})
		if given != "" && len(others) > 0 {
			left = append(left, fmt.Sprintf("--%s %s leaves out %s", flag, given, strings.Join(others, ", ")))
		}
	}
	leaves("user-name", s.UserName, known.Users)
	leaves("policy-name", s.PolicyName, namesOf(known.Policies, func(p bootstrap.PolicyName) string { return p.Name }))
	leaves("iam-path", s.IAMPath, namesOf(known.Policies, func(p bootstrap.PolicyName) string { return p.Path }))
	leaves("release", s.Helm.Release, namesOf(known.Releases, func(r bootstrap.ReleaseName) string { return r.Name }))
	leaves("release-namespace", s.Helm.Namespace, namesOf(known.Releases, func(r bootstrap.ReleaseName) string { return r.Namespace }))
	leaves("oidc-issuer", s.OIDCIssuer, known.Issuers)
	leaves("role-name", s.RoleName, namesOf(known.Roles, func(r bootstrap.RoleName) string { return r.Name }))
	if others := words.Without(known.Secrets, s.SecretNames); len(s.SecretNames) > 0 && len(others) > 0 {
		left = append(left, "--secret-name leaves out "+strings.Join(others, ", "))
	}
	if left == nil {
		return nil
	}
	return hint.With(fmt.Errorf("check names: %s, which the record of namespace %s names", strings.Join(left, "; "), t.Target.Settings.Namespace),
		"leave the flags out: a whole teardown takes all that the record names; with --only "+user.Step+" and the like they choose")
}

func namesOf[T any](all []T, name func(T) string) []string {
	var out []string
	for _, x := range all {
		out = words.AddOnce(out, name(x))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
