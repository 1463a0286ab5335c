package fragment

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// prefixNames puts a prefix before each name in Secrets Manager that the operator's values leave to the chart.
func (m *maker) prefixNames(prefix string) error {
	origins, err := m.chart.Origins(merge(m.files, m.values), m.options, m.now)
	if err != nil {
		return err
	}
	more := map[string]any{}
	var fixed, set []string
	before := m.current.Reads
	for _, read := range before {
		origin := origins[read.ID()]
		path := strings.Split(origin.Path, ".")
		switch {
		case strings.HasPrefix(read.Remote, prefix):
		case origin.Path == "":
			fixed = words.AddOnce(fixed, read.Remote)
		case given(m.files, path):
			set = words.AddOnce(set, read.Remote)
		case origin.Kubernetes && len(validation.IsDNS1123Subdomain(prefix+read.Remote)) > 0:
			m.refuse("take a prefix of lower case letters, digits and - alone, or set "+origin.Path+" in your values",
				"--name-prefix %q: %s also becomes a name in Kubernetes, where %q is not legal", prefix, origin.Path, prefix+read.Remote)
		default:
			more = merge(more, nested(path, prefix+read.Remote))
		}
	}
	if len(more) == 0 && len(m.problems) == 0 {
		m.refuse("leave it out", "--name-prefix %q: there is no name to put it before: all that are read are set in your values, have it, or cannot be set", prefix)
		return nil
	}
	if err := m.add(more); err != nil {
		return err
	}
	m.provePrefix(prefix, before)
	if len(fixed) > 0 {
		m.warn("--name-prefix %q: no value sets the name of %s, which stays", prefix, words.Few(fixed))
	}
	if len(set) > 0 {
		m.warn("--name-prefix %q: your values set the name of %s, which stays", prefix, words.Few(set))
	}
	return nil
}

// provePrefix looks whether each name that was to change has changed so.
func (m *maker) provePrefix(prefix string, before []gen3.Read) {
	now := map[string]string{}
	for _, r := range m.current.Reads {
		now[r.ID()] = r.Remote
	}
	for _, r := range before {
		switch name := now[r.ID()]; {
		case name == prefix+r.Remote:
			m.out.Prefixed = words.AddOnce(m.out.Prefixed, r.Remote)
		case name != "" && name != r.Remote:
			m.refuse("set it in your values", "--name-prefix %q: %s becomes %s: a value that is for another name sets it as well", prefix, r.Remote, name)
		}
	}
}

// given reports whether values set a path themselves.
func given(values map[string]any, path []string) bool {
	v := render.ValueAt(values, path)
	return v != nil && fmt.Sprint(v) != ""
}
