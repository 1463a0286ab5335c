package awsfake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTags is how many tags a resource may have.
const maxTags = 50

// tagSet is a resource's tags. It is replaced, never changed, since reads may still see the one before.
type tagSet map[string]string

// tagged is what can carry IAM tags.
type tagged struct {
	tags lagging[tagSet]
	// fold: users' and roles' tag keys differ by more than case, those of other resources need not.
	fold bool
}

type tagXML struct {
	Key   string
	Value string
}

type tagListXML struct {
	Tags []tagXML `xml:"Tags>member"`
	page
}

// tagging finds what a call tags.
type tagging func(*request) (*tagged, error)

func tagThe(find tagging) func(*request) (any, error) {
	return func(r *request) (any, error) {
		t, err := find(r)
		if err != nil {
			return nil, err
		}
		given, err := r.tags()
		if err != nil {
			return nil, err
		}
		next := t.with(given)
		if len(next) > maxTags {
			return nil, limitExceeded("The number of tags has reached the maximum limit.")
		}
		t.tags.set(r.srv, next)
		return nil, nil
	}
}

func untagThe(find tagging) func(*request) (any, error) {
	return func(r *request) (any, error) {
		t, err := find(r)
		if err != nil {
			return nil, err
		}
		next := tagSet{}
		for k, v := range t.tags.latest() {
			if !slices.ContainsFunc(r.list("TagKeys"), func(gone string) bool { return t.same(gone, k) }) {
				next[k] = v
			}
		}
		t.tags.set(r.srv, next)
		return nil, nil
	}
}

func tagsOfThe(find tagging) func(*request) (any, error) {
	return func(r *request) (any, error) {
		t, err := find(r)
		if err != nil {
			return nil, err
		}
		list, p, err := paginate(r, tagList(t.tags.seen(r.srv)), func(t tagXML) string { return t.Key })
		return tagListXML{list, p}, err
	}
}

// with returns the tags with others put over them. A key that differs by case only replaces the one that is there.
func (t *tagged) with(given tagSet) tagSet {
	next := tagSet{}
	for k, v := range t.tags.latest() {
		replaced := false
		for g := range given {
			replaced = replaced || t.same(g, k)
		}
		if !replaced {
			next[k] = v
		}
	}
	maps.Copy(next, given)
	return next
}

func (t *tagged) same(a, b string) bool { return a == b || t.fold && strings.EqualFold(a, b) }

// tags reads a request's Tags.
func (r *request) tags() (tagSet, error) {
	set, folded := tagSet{}, map[string]bool{}
	for i := 1; r.form.Has("Tags.member." + strconv.Itoa(i) + ".Key"); i++ {
		at := "Tags.member." + strconv.Itoa(i)
		k, v := r.str(at+".Key"), r.str(at+".Value")
		if err := checkTag(k, v, "tags."+strconv.Itoa(i)+".member"); err != nil {
			return nil, err
		}
		if folded[strings.ToLower(k)] {
			return nil, invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		folded[strings.ToLower(k)] = true
		set[k] = v
	}
	if len(set) > maxTags {
		return nil, constraint("tags", "tags", "have length less than or equal to 50")
	}
	return set, nil
}

func checkTag(k, v, label string) error {
	switch {
	case k == "" || utf8.RuneCountInString(k) > maxTagKey:
		return constraint(k, label+".key", "have length between 1 and 128")
	case utf8.RuneCountInString(v) > maxTagValue:
		return constraint(v, label+".value", "have length less than or equal to 256")
	case !isTagText(k):
		return constraint(k, label+".key", `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`)
	case !isTagText(v):
		return constraint(v, label+".value", `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`)
	case strings.HasPrefix(strings.ToLower(k), "aws:"):
		return refuse(http.StatusBadRequest, "InvalidInput", "Tag keys must not begin with the reserved prefix aws:.")
	}
	return nil
}

func tagList(set tagSet) []tagXML {
	var list []tagXML
	for _, k := range slices.Sorted(maps.Keys(set)) {
		list = append(list, tagXML{k, set[k]})
	}
	return list
}
