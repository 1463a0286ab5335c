// Package handover finds out which Secrets the gen3 chart makes now and External Secrets Operator would make instead, and what of them
// belongs under which name of Secrets Manager, in which shape. It compares two renders, as deployed and with the chart's own Secrets
// switched off, and lists no name. Its functions are pure.
package handover

import (
	"cmp"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Setting is a value of the chart that has to change for a handover.
type Setting struct {
	Path  string // such as global.externalSecrets.createLocalK8sSecret
	Value bool
}

// The keys of the values that say who makes Secrets. Which of those below them matter is found by rendering.
const (
	namesKey  = "externalSecrets"
	globalKey = "global"
	deployKey = "deploy"
)

// Settings are the values that may have to change, for the chart to leave its Secrets to the operator: External Secrets on, and off
// whatever stands under a key externalSecrets, says create and is true. To helm a string is true, whatever it says.
func Settings(values map[string]any) []Setting {
	var out []Setting
	var walk func(at map[string]any, path []string)
	walk = func(at map[string]any, path []string) {
		for key, v := range at {
			below, ok := v.(map[string]any)
			here := append(slices.Clone(path), key)
			switch {
			case ok && key == globalKey && len(path) > 0: // a copy of the one above
			case ok:
				walk(below, here)
			case len(path) > 0 && path[len(path)-1] == namesKey && strings.Contains(strings.ToLower(key), "create") && truthy(v):
				out = append(out, Setting{Path: strings.Join(here, ".")})
			}
		}
	}
	walk(values, nil)
	slices.SortFunc(out, func(a, b Setting) int { return strings.Compare(a.Path, b.Path) })
	if !deploys(values) {
		out = append([]Setting{{Path: strings.Join([]string{globalKey, namesKey, deployKey}, "."), Value: true}}, out...)
	}
	return out
}

func deploys(values map[string]any) bool {
	global, _ := values[globalKey].(map[string]any)
	names, _ := global[namesKey].(map[string]any)
	return truthy(names[deployKey])
}

func truthy(v any) bool { return v != nil && v != false && v != "" }

// Changes are settings as values of the chart.
func Changes(settings []Setting) map[string]any {
	out := map[string]any{}
	for _, s := range settings {
		at := out
		path := strings.Split(s.Path, ".")
		for _, key := range path[:len(path)-1] {
			below, ok := at[key].(map[string]any)
			if !ok {
				below = map[string]any{}
				at[key] = below
			}
			at = below
		}
		at[path[len(path)-1]] = s.Value
	}
	return out
}

// Route is where a Secret of Kubernetes goes.
type Route struct {
	Secret   string // of Kubernetes, that the chart makes now
	Source   string // the template that makes it
	Remote   string // name in Secrets Manager
	By       string // the ExternalSecret that will make it
	Parts    []Part
	Required []string // keys that pods require of the Secret
	Marker   string   // key that a job enters when the database is there; "" where none does
	Job      string   // that fills it, where one is known
	Pushed   []string // PushSecrets that write the same
	Odd      string   // why what belongs there cannot be told; "" where it can
	Readers  []gen3.Reader
	Needs    []Setting // without which the chart goes on making the Secret
}

// Part is what of a Secret goes where within the secret of Secrets Manager.
type Part struct {
	Key      string // of the Secret; "" is each of them, under its own name
	Property string // "" is the whole
}

// marker is the key that the chart's database jobs enter when they are done: services wait for it.
const marker = "dbcreated"

// Routes compares the two inventories. What the chart goes on making is left out; Needs are not filled in.
func Routes(before, after gen3.Inventory) []Route {
	var out []Route
	for _, w := range before.Writers {
		if w.Kind != gen3.ByHelm || byHelm(after, w.Secret) {
			continue
		}
		var remotes []string
		for _, read := range after.Reads {
			if read.Target == w.Secret {
				remotes = words.AddOnce(remotes, read.Remote)
			}
		}
		for _, remote := range remotes {
			out = append(out, route(w, remote, before, after))
		}
	}
	slices.SortFunc(out, func(a, b Route) int { return strings.Compare(a.Remote+"\x00"+a.Secret, b.Remote+"\x00"+b.Secret) })
	return out
}

func byHelm(i gen3.Inventory, secret string) bool {
	return slices.ContainsFunc(i.WritersOf(secret), func(w gen3.Writer) bool { return w.Kind == gen3.ByHelm })
}

func route(w gen3.Writer, remote string, before, after gen3.Inventory) Route {
	r := Route{Secret: w.Secret, Source: w.Source, Remote: remote, Readers: after.ReadersOf(w.Secret)}
	for _, read := range after.Reads {
		if read.Target != w.Secret || read.Remote != remote {
			continue
		}
		r.By = read.By
		if len(read.Template) > 0 {
			r.Odd = "ExternalSecret " + read.By + " makes the keys of the Secret by a template"
		}
		r.Parts = append(r.Parts, Part{Key: read.Key, Property: read.Property})
		if read.Shape == gen3.Extract {
			r.Parts[len(r.Parts)-1] = Part{}
		}
	}
	for _, q := range after.Requirements {
		if q.Name == remote && q.Contradicts() {
			r.Odd = "it is read as a whole and by its properties, of which one is wrong: gen3-bootstrap lint names the values"
		}
	}
	for _, reader := range r.Readers {
		if reader.NeedsKey() {
			r.Required = words.AddOnce(r.Required, reader.Key)
		}
	}
	slices.Sort(r.Required)
	r.database(before, after)
	for _, p := range slices.Concat(before.Pushes, after.Pushes) {
		if p.Remote == remote {
			r.Pushed = words.AddOnce(r.Pushed, p.By)
		}
	}
	return r
}

// database notes the job that fills the Secret, and whether it tells that it made a database.
func (r *Route) database(inventories ...gen3.Inventory) {
	for _, i := range inventories {
		for _, w := range i.WritersOf(r.Secret) {
			if w.Kind == gen3.ByJob {
				r.Job = cmp.Or(r.Job, w.By)
			}
			if w.Kind == gen3.ByJob && slices.Contains(w.Keys, marker) {
				r.Marker, r.Job = marker, w.By
			}
		}
	}
	if slices.Contains(r.Required, marker) {
		r.Marker = marker
	}
}

// Scoped are those settings that can concern a Secret: of all charts, and of the subchart whose template makes it.
func (r Route) Scoped(all []Setting) []Setting {
	var out []Setting
	for _, s := range all {
		scope, _, _ := strings.Cut(s.Path, ".")
		if scope == globalKey || strings.Contains(r.Source, "/charts/"+scope+"/") {
			out = append(out, s)
		}
	}
	return out
}

// Missing are the Secrets of all that the others do not hand over.
func Missing(all, others []Route) []string {
	var out []string
	for _, r := range all {
		if !slices.ContainsFunc(others, func(o Route) bool { return o.Secret == r.Secret && o.Remote == r.Remote }) {
			out = words.AddOnce(out, r.Secret)
		}
	}
	return out
}
