package fragment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// externals is where each chart of gen3 has what is about its secrets.
const externals = "externalSecrets"

// flip is a value turned over, and what comes of it.
type flip struct {
	path   []string // as the operator's values have it
	to     bool
	turned []turn
}

func (f flip) String() string { return fmt.Sprintf("%s: %t", dotted(f.path), f.to) }

// keepLocal finds the values that have Secrets made by their chart.
func (m *maker) keepLocal(wanted []string) error {
	more := map[string]any{}
	for _, want := range wanted {
		name, secret, one := strings.Cut(want, "/")
		part := m.chart.Part(name)
		switch {
		case part == nil:
			m.refuse("there are "+strings.Join(m.chart.Parts(), ", "), "--keep-local %s: chart %s has no chart of that name", want, m.chart.Name())
			continue
		case part == m.chart && len(m.chart.Parts()) > 0:
			m.refuse("name one of "+strings.Join(m.chart.Parts(), ", "), "--keep-local %s: that is the whole, and its charts have a value each", want)
			continue
		}
		flips, read, err := m.flips(part, name)
		if err != nil {
			return err
		}
		targets := read
		if one {
			if by := m.madeAlready(secret, read); by != "" {
				m.warn("--keep-local %s: %s makes that Secret already", want, by)
				continue
			}
			targets = []string{secret}
		}
		for _, f := range m.choose(want, targets, read, flips, one) {
			more = merge(more, nested(f.path, f.to))
		}
	}
	return m.add(more)
}

// flips turns each switch of a chart over, in a render of that chart alone with the values that it has within the whole.
func (m *maker) flips(part *render.Chart, name string) (all []flip, read []string, err error) {
	own, scope := m.now.Of(name), []string{name}
	if part == m.chart {
		own, scope = m.now.Values, nil
	}
	first, err := part.Render(own, m.options)
	if err != nil {
		return nil, nil, err
	}
	before := gen3.Take(first.Objects)
	for _, path := range part.Switches(first.Values, externals) {
		was, _ := render.ValueAt(first.Values, path).(bool)
		again, err := part.Render(merge(own, nested(path, !was)), m.options)
		if err != nil {
			continue // a name where a chart wants none; it says nothing of the others
		}
		if turned := turns(before, gen3.Take(again.Objects)); len(turned) > 0 {
			all = append(all, flip{append(slices.Clone(scope), path...), !was, turned})
		}
	}
	return all, written(before), nil
}

// choose takes the flips by which the targets are made by the chart, and says of the others why there is none.
func (m *maker) choose(want string, targets, read []string, flips []flip, one bool) []flip {
	var out []flip
	var made, whys []string
	for _, secret := range targets {
		reason := m.unturned(secret, read)
		for _, f := range flips {
			if !slices.ContainsFunc(f.turned, func(t turn) bool { return t.secret == secret }) {
				continue
			}
			if worse := why(f.turned); worse != "" {
				reason = fmt.Sprintf("with %s %s", f, worse)
				continue
			}
			reason = ""
			if !slices.ContainsFunc(out, func(x flip) bool { return dotted(x.path) == dotted(f.path) }) {
				out, made = append(out, f), append(made, locals(f.turned)...)
			}
			break
		}
		if reason != "" {
			whys = words.AddOnce(whys, reason)
		}
	}
	switch {
	case len(out) == 0 && len(whys) > 0:
		m.refuse(m.elsewhere(), "--keep-local %s: %s", want, strings.Join(whys, "; "))
	case len(targets) == 0:
		m.refuse("", "--keep-local %s: that chart reads nothing from Secrets Manager with these values", want)
	default:
		for _, reason := range whys {
			m.warn("--keep-local %s: %s", want, reason)
		}
	}
	for _, f := range out {
		for _, t := range f.turned {
			if len(t.empty) > 0 {
				m.warn("--keep-local %s: with your values the chart makes Secret %s with nothing in %s", want, t.secret, strings.Join(t.empty, ", "))
			}
		}
	}
	if extra := words.Without(made, targets); one && len(extra) > 0 {
		m.warn("--keep-local %s: the same value has the chart make %s as well", want, words.Few(extra))
	}
	return out
}

// madeAlready is who makes a Secret that is not read from Secrets Manager.
func (m *maker) madeAlready(secret string, read []string) string {
	for _, w := range m.current.WritersOf(secret) {
		if !slices.Contains(read, secret) {
			return w.By
		}
	}
	return ""
}

// unturned says why no value has the chart make a Secret.
func (m *maker) unturned(secret string, read []string) string {
	if !slices.Contains(read, secret) {
		return fmt.Sprintf("that chart has no Secret %s from Secrets Manager: it has %s", secret, cmp.Or(strings.Join(read, ", "), "none"))
	}
	return "no value of that chart alone has it make Secret " + secret
}

// elsewhere advises what else there is for the Secrets of databases.
func (m *maker) elsewhere() string {
	return "--create-db has the credentials of all databases made by the charts; what the chart cannot make has to be in Secrets Manager"
}
