package awsfake

import (
	"maps"
	"slices"
	"strings"
)

type secretListJSON struct {
	SecretList []secretJSON
	NextToken  string `json:",omitempty"`
}

func listSecrets(r *request) (any, error) {
	part, next, err := r.secretPage(100)
	if err != nil {
		return nil, err
	}
	out := secretListJSON{SecretList: []secretJSON{}, NextToken: next}
	for _, x := range part {
		out.SecretList = append(out.SecretList, x.json())
	}
	return out, nil
}

// secretPage is the page of secrets that the request's filters and token ask for.
func (r *request) secretPage(most int) ([]*secret, string, error) {
	size := most
	if r.in.MaxResults != nil {
		if size = *r.in.MaxResults; size < 1 || size > most {
			return nil, "", constraintJSON("maxResults", "be within its bounds")
		}
	}
	var all []*secret
	for _, x := range r.srv.vaults[r.sig.region] {
		fits, err := r.selects(x)
		if err != nil {
			return nil, "", err
		}
		if fits && (x.deleted.IsZero() || r.in.IncludePlannedDeletion) {
			all = append(all, x)
		}
	}
	part, next, ok := pageOf(all, func(x *secret) string { return x.name }, r.in.NextToken, min(size, r.srv.pageSize))
	if !ok {
		return nil, "", badRequest("InvalidNextTokenException", "The NextToken value is invalid.")
	}
	return part, next, nil
}

// selects reports whether a secret passes all filters.
func (r *request) selects(x *secret) (bool, error) {
	for _, f := range r.in.Filters {
		fields, ok := x.searched(f.Key)
		if !ok || len(f.Values) == 0 {
			return false, constraintJSON("filters", "satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]")
		}
		if !slices.ContainsFunc(f.Values, func(want string) bool { return passes(fields, want) }) {
			return false, nil
		}
	}
	return true, nil
}

// passes reports whether one of the fields begins with the text, or none if that begins with "!".
func passes(fields []string, want string) bool {
	bare, negated := strings.CutPrefix(want, "!")
	hit := slices.ContainsFunc(fields, func(have string) bool { return strings.HasPrefix(have, bare) })
	return hit != negated
}

// searched is what a filter looks at.
func (x *secret) searched(key string) ([]string, bool) {
	keys, values := slices.Collect(maps.Keys(x.tags)), slices.Collect(maps.Values(x.tags))
	switch key {
	case "name":
		return []string{x.name}, true
	case "description":
		return []string{x.note}, true
	case "tag-key":
		return keys, true
	case "tag-value":
		return values, true
	case "all":
		return slices.Concat([]string{x.name, x.note}, keys, values), true
	case "primary-region", "owning-service":
		return nil, true
	default:
		return nil, false
	}
}
