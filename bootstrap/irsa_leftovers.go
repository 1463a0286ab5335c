package bootstrap

import (
	"fmt"
	"slices"
	"strings"
)

// leftovers says what earlier ups made that this one does not use: another mode made it, or it was given other names. It
// stays until it is torn down, since whoever changes over has to move the gen3 release in between. What has to go first
// is told first. The role's name is asked for as it is, also where it is the default.
func leftovers(before *Recorded, s Settings) []string {
	var users, roles, policies []string
	for _, e := range before.entries() {
		if e.Account != s.Account {
			continue
		}
		if e.UserName != "" && (!s.usesKeys() || e.UserName != s.UserName) {
			users = append(users, leftover("IAM user "+e.UserName+" with its access key", s.usesKeys(), e.UserName, "user-name", "access-key", "iam-user")+s.sharedSecret(e))
		}
		if e.RoleName != "" && (!s.IRSA || e.RoleName != s.RoleName) {
			roles = append(roles, leftover("IAM role "+e.RoleName, s.IRSA, e.RoleName, "role-name", "irsa-role"))
		}
		if e.PolicyName != "" && (!s.usesPolicy() || e.PolicyName != s.PolicyName) {
			policies = append(policies, leftover("IAM policy "+e.PolicyName, s.usesPolicy(), e.PolicyName, "policy-name", "iam-policy"))
		}
	}
	var out []string
	for _, text := range slices.Concat(users, roles, policies) {
		out = addOnce(out, text)
	}
	return out
}

// leftover names the teardown of one thing; where this mode has a thing of its kind, the flag tells which of both.
func leftover(what string, renamed bool, name, flag string, steps ...string) string {
	command := "gen3-bootstrap teardown --only " + strings.Join(steps, " --only ")
	if renamed {
		return fmt.Sprintf("%s, which an earlier up made under that name, is left and still works: once nothing uses it, `%s --%s %s` removes it", what, command, flag, name)
	}
	return fmt.Sprintf("%s, which an up in another mode made, is left: once the gen3 release no longer uses it, `%s` removes it", what, command)
}

// sharedSecret says which Secrets go with the user's key.
func (s Settings) sharedSecret(e Recorded) string {
	if !s.UseGlobalUser {
		return ""
	}
	var names []string
	for _, name := range e.SecretNames {
		names = append(names, s.Namespace+"/"+name)
	}
	text := ", and with it those of the Secrets " + strings.Join(names, ", ") + " that hold that key"
	if slices.Contains(e.SecretNames, s.GlobalUserSecret) {
		text += fmt.Sprintf("; put the global user's key into %s/%s before", s.Namespace, s.GlobalUserSecret)
	}
	return text
}
