package bootstrap

import (
	"fmt"
	"slices"
	"strings"
)

// leftovers says what an up in another mode made and this mode does not use. It stays until it is torn down, since
// whoever changes the mode has to move the gen3 release over in between.
func leftovers(before *Recorded, s Settings) []string {
	var out []string
	for _, e := range before.entries() {
		if e.Account != s.Account {
			continue
		}
		if e.UserName != "" && !s.usesKeys() {
			out = append(out, leftover("IAM user "+e.UserName+" with its access key", "access-key", "iam-user")+s.sharedSecret(e))
		}
		if e.RoleName != "" && !s.IRSA {
			out = append(out, leftover("IAM role "+e.RoleName, "irsa-role"))
		}
		if e.PolicyName != "" && !s.usesPolicy() {
			out = append(out, leftover("IAM policy "+e.PolicyName, "iam-policy"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func leftover(what string, steps ...string) string {
	return fmt.Sprintf("%s, which an up in another mode made, is left: once the gen3 release no longer uses it, `gen3-bootstrap teardown --only %s` removes it",
		what, strings.Join(steps, " --only "))
}

// sharedSecret warns of a Secret that both modes use: the teardown takes it along.
func (s Settings) sharedSecret(e Recorded) string {
	if !s.UseGlobalUser || !slices.Contains(e.SecretNames, s.GlobalUserSecret) {
		return ""
	}
	return fmt.Sprintf(", and Secret %s/%s that holds that key, so put the global user's key there afterwards", s.Namespace, s.GlobalUserSecret)
}
