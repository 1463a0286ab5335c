package awsfake

import (
	"maps"
	"slices"
	"strings"
)

type inlineXML struct {
	UserName       string `xml:",omitempty"`
	RoleName       string `xml:",omitempty"`
	GroupName      string `xml:",omitempty"`
	PolicyName     string
	PolicyDocument string
}

type inlineList struct {
	PolicyNames []string `xml:"PolicyNames>member"`
	page
}

func putInline(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, err := find(r)
		if err != nil {
			return nil, err
		}
		name, err := r.name("PolicyName", maxName)
		if err != nil {
			return nil, err
		}
		text := r.str("PolicyDocument")
		if _, err := readPermissions(text); err != nil {
			return nil, err
		}
		total := dense(text)
		for other, have := range who.inline {
			if other != name {
				total += dense(have)
			}
		}
		if most := maxInline * inlineFactor(who.kind); total > most {
			return nil, limitExceeded("Maximum policy size of %d bytes exceeded for %s %s", most, who.kind, who.name)
		}
		who.inline[name] = text
		return nil, nil
	}
}

// inlineFactor is how many times a user's room for inline policies others have.
func inlineFactor(kind string) int {
	switch kind {
	case "role":
		return 5
	case "group":
		return 2
	default:
		return 1
	}
}

func getInline(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, name, err := r.findInline(find)
		if err != nil {
			return nil, err
		}
		out := inlineXML{PolicyName: name, PolicyDocument: urlEncoded(who.inline[name])}
		switch who.kind {
		case "role":
			out.RoleName = who.name
		case "group":
			out.GroupName = who.name
		default:
			out.UserName = who.name
		}
		return out, nil
	}
}

func deleteInline(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, name, err := r.findInline(find)
		if err != nil {
			return nil, err
		}
		delete(who.inline, name)
		return nil, nil
	}
}

func inlineOf(find holder) func(*request) (any, error) {
	return func(r *request) (any, error) {
		who, err := find(r)
		if err != nil {
			return nil, err
		}
		names := slices.Sorted(maps.Keys(who.inline))
		list, p, err := paginate(r, names, func(n string) string { return n })
		return inlineList{list, p}, err
	}
}

func (r *request) findInline(find holder) (*identity, string, error) {
	who, err := find(r)
	if err != nil {
		return nil, "", err
	}
	name, err := r.name("PolicyName", maxName)
	if err != nil {
		return nil, "", err
	}
	if _, ok := who.inline[name]; !ok {
		return nil, "", noSuchEntity("The %s policy with name %s cannot be found.", who.kind, name)
	}
	return who, name, nil
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// lastPart is what follows the last slash: the name in an ARN or a path.
func lastPart(s string) string { return s[strings.LastIndex(s, "/")+1:] }
