package cli

import "slices"

// recalled are the flags whose value a command that comes after up takes from the record unless it is given.
func recalled() []string {
	return []string{
		"policy-name", "user-name", "iam-path", "secret-name", "global-user-secret", "role-name", "service-account", "oidc-issuer",
		"release", "release-namespace",
	}
}

// recalledGroups are the flags of up for a command that comes after it. Those that the record knows have no default of
// their own, and those that only matter to up are taken, so that one set of arguments does for all, and not explained.
func (in *inputs) recalledGroups() []group {
	groups := in.groups()
	for _, g := range groups {
		for i := range g.options {
			o := &g.options[i]
			switch {
			case slices.Contains(recalled(), o.name):
				o.fallback = "what up recorded, else " + o.defaultText()
				if s, ok := o.into.(*string); ok {
					*s = ""
				}
			case g.title != "target" && g.title != "output" && o.name != "skip-helm":
				o.hidden = true
			}
		}
	}
	return groups
}

// withoutWriting takes those target flags out of the help that only matter to a command which writes.
func withoutWriting(groups []group) []group {
	return unexplained(groups, "create-namespace", "lock-timeout", "yes")
}

// unexplained takes flags out of the help.
func unexplained(groups []group, names ...string) []group {
	for _, g := range groups {
		for i := range g.options {
			g.options[i].hidden = g.options[i].hidden || slices.Contains(names, g.options[i].name)
		}
	}
	return groups
}
