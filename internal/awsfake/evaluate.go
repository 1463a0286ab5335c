package awsfake

import (
	"slices"
	"strings"
)

// access is what is asked of a policy.
type access struct {
	action   string // iam:GetUser
	resource string // an ARN, or "*"
	keys     contextKeys
	policy   resourcePolicy // of the resource itself
	asked    string         // what a refusal calls the resource; "" is its ARN
}

// contextKeys are what conditions look at, by name in lower case.
type contextKeys map[string][]string

func (k contextKeys) set(name string, values ...string) { k[strings.ToLower(name)] = values }

// verdict is what policies say of an access.
type verdict int

const (
	silent verdict = iota // the implicit deny
	allowed
	forbidden // the explicit deny
)

// judge is the verdict of several policies together: one Deny outweighs every Allow.
func judge(docs []*document, a access) verdict {
	v := silent
	for _, d := range docs {
		for i := range d.statements {
			st := &d.statements[i]
			if !st.covers(a) {
				continue
			}
			if !st.allow {
				return forbidden
			}
			v = allowed
		}
	}
	return v
}

func (st *statement) covers(a access) bool {
	return st.coversAction(a.action) && st.coversResource(a) && st.holds(a.keys)
}

func (st *statement) coversAction(action string) bool {
	hit := func(pattern string) bool { return glob(strings.ToLower(pattern), strings.ToLower(action)) }
	if st.notActions != nil {
		return !slices.ContainsFunc(st.notActions, hit)
	}
	return slices.ContainsFunc(st.actions, hit)
}

func (st *statement) coversResource(a access) bool {
	hit := func(pattern string) bool {
		p, ok := expand(pattern, a.keys)
		return ok && glob(p, a.resource)
	}
	if st.notResources != nil {
		return !slices.ContainsFunc(st.notResources, hit)
	}
	return slices.ContainsFunc(st.resources, hit)
}

// expand puts the values of policy variables, such as ${aws:username}, in place. It fails if one has no value.
func expand(pattern string, keys contextKeys) (string, bool) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "${")
		out.WriteString(before)
		if !found {
			return out.String(), true
		}
		name, after, closed := strings.Cut(rest, "}")
		values := keys[strings.ToLower(name)]
		if !closed || len(values) != 1 {
			return "", false
		}
		out.WriteString(values[0])
		pattern = after
	}
}

// glob matches with * for any run of characters and ? for any one.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0: // let the last * take one more
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
