package role

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
)

// letsIn reports whether any statement, also one of another form, allows who to take the role, and none denies it. It
// judges roles that somebody else keeps; conditions that it does not know count as not met.
func (t trust) letsIn(who Trusted) bool {
	return t.says("Allow", who) && !t.says("Deny", who)
}

// says reports whether any statement of that effect is about who taking the role.
func (t trust) says(effect string, who Trusted) bool {
	return slices.ContainsFunc(t.statements, func(raw json.RawMessage) bool {
		var s struct {
			Effect    string
			Principal party
			Action    texts
			Condition map[string]map[string]texts
		}
		if json.Unmarshal(raw, &s) != nil || s.Effect != effect {
			return false
		}
		names := func(pattern string) bool { return wildcard(strings.ToLower(pattern), strings.ToLower(assumeWithToken)) }
		about := slices.Contains(s.Principal.Federated, t.arn(who.Issuer)) || effect == "Deny" && s.Principal.everybody()
		return about && slices.ContainsFunc(s.Action, names) && who.meets(s.Condition)
	})
}

// party is whom a statement is about, as far as tokens go: "*", or {"Federated": …} among others.
type party struct {
	Federated texts
	AWS       texts
	all       bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *party) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		p.all = text == "*"
		return nil
	}
	type fields party
	return json.Unmarshal(raw, (*fields)(p)) // the caller takes it for another form
}

// everybody reports whether it is anyone at all, which in a Deny includes those who come with a token.
func (p *party) everybody() bool {
	return p.all || slices.Contains(p.AWS, "*") || slices.Contains(p.Federated, "*")
}

// meets reports whether a token of who fulfils all conditions.
func (t Trusted) meets(conditions map[string]map[string]texts) bool {
	name := iamsetup.ProviderName(t.Issuer)
	token := map[string]string{name + ":aud": oidcprovider.Audience, name + ":sub": t.Subject}
	for operator, keys := range conditions {
		for key, wanted := range keys {
			have, known := token[key]
			fits := func(want string) bool { return have == want }
			if operator == "StringLike" {
				fits = func(want string) bool { return wildcard(want, have) }
			} else if operator != "StringEquals" {
				return false
			}
			if !known || !slices.ContainsFunc(wanted, fits) {
				return false
			}
		}
	}
	return true
}

// wildcard matches as IAM does: * stands for any run of characters and ? for any one.
func wildcard(pattern, text string) bool {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
}
