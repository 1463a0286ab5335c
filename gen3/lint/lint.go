// Package lint finds what values files of the gen3 chart say in vain or in contradiction. It has few rules and one method: it renders
// the chart with and without what a file says, and looks at what the objects do to each other.
package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
)

// Level is how grave a finding is.
type Level string

// The levels.
const (
	Error   Level = "error"   // the deployment does not do what the file says
	Warning Level = "warning" // it may
	Note    Level = "note"    // to be looked at
)

// Finding is one thing that was found.
type Finding struct {
	Rule    string `json:"rule"`
	Level   Level  `json:"level"`
	Path    string `json:"path,omitempty"` // of the key
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Linter is what is held against each other.
type Linter struct {
	Chart   *render.Chart
	Files   []helmvalues.File
	Options render.Options

	keys   keys
	values map[string]any
	out    []Finding
}

// Run looks for all that is wrong. Nothing that it returns quotes a value, except names of objects.
func (l *Linter) Run() ([]Finding, error) {
	l.values = map[string]any{}
	for _, f := range l.Files {
		l.values = helmvalues.Merge(l.values, f.Values)
		if err := l.keys.read(f, l.add); err != nil {
			return nil, err
		}
	}
	base, err := l.render(l.values)
	if err != nil {
		l.unrendered(err)
	} else {
		l.judge(base)
	}
	slices.SortStableFunc(l.out, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(l.out), nil
}

func (l *Linter) add(f Finding) { l.out = append(l.out, f) }

// at adds a finding about a key, or about all of the files where no key is to blame.
func (l *Linter) at(path string, f Finding) {
	f.Path = path
	k, known := l.keys.last(path)
	if known {
		f.File, f.Line, f.Column = k.file, k.line, k.column
	} else if len(l.Files) > 0 {
		f.File = l.Files[len(l.Files)-1].Name
	}
	l.add(f)
}
