package fragment

import (
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
)

func merge(a, b map[string]any) map[string]any { return helmvalues.Merge(a, b) }

// prove judges the whole, as helm will be given it.
func (m *maker) prove() error {
	m.judgeStores()
	turned := turns(m.start, m.current)
	missed := slices.DeleteFunc(bad(turned), func(t turn) bool { // as nobody asks for it, nobody misses it
		return t.fate == lost && len(m.current.ReadersOf(t.secret)) == 0
	})
	if what := why(missed); what != "" && len(m.problems) == 0 {
		m.refuse("", "these values together: %s", what)
	}
	m.out.Local = locals(turned)
	m.out.After, m.out.LeftOut = m.current, m.now.LeftOut
	m.out.Warnings = append(m.out.Warnings, m.current.Unjudged...)
	return nil
}

// AllBegin reports whether all names that are read then begin alike.
func (p *Proved) AllBegin(prefix string) bool {
	return !slices.ContainsFunc(p.After.Requirements, func(r gen3.Requirement) bool { return !strings.HasPrefix(r.Name, prefix) })
}

// Names are what is read from Secrets Manager.
func Names(i gen3.Inventory) []string {
	out := make([]string, 0, len(i.Requirements))
	for _, r := range i.Requirements {
		out = append(out, r.Name)
	}
	return out
}
