package lint

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

func hintOf(err error) string { return hint.Of(err) }

// contradiction is what is wrong between objects, whichever value brought it about.
type contradiction struct {
	Finding

	chart string // whose objects they are
}

// graph tells what is wrong between the objects. The key to blame is the one of least effect without which it is not. What one key
// brings about many times is told once.
func (l *Linter) graph(base *rendering, trials []trial) {
	trials = slices.Clone(trials)
	slices.SortStableFunc(trials, func(a, b trial) int { return a.size - b.size })
	blamed := map[string]string{} // by message
	all := contradictions(base)
	for _, t := range trials {
		for _, c := range all {
			if blamed[c.Message] == "" && t.renders && t.affected && (!t.shared || t.entry.path[0] == c.chart) && !has(t.wrong, c.Message) {
				blamed[c.Message] = t.entry.name()
			}
		}
	}
	l.tellOnce(all, blamed)
}

func has(list []contradiction, message string) bool {
	return slices.ContainsFunc(list, func(c contradiction) bool { return c.Message == message })
}

func (l *Linter) tellOnce(all []contradiction, blamed map[string]string) {
	type kind struct{ rule, path string }
	messages := map[kind][]string{}
	for _, c := range all {
		k := kind{c.Rule, blamed[c.Message]}
		messages[k] = words.AddOnce(messages[k], c.Message)
	}
	for _, c := range all {
		k := kind{c.Rule, blamed[c.Message]}
		if len(messages[k]) == 0 || k.path != "" && messages[k][0] != c.Message {
			continue
		}
		if n := len(messages[k]) - 1; k.path != "" && n > 0 {
			c.Message += "; so it is with " + words.Counted(n, "other")
		}
		if k.path != "" {
			delete(messages, k)
		}
		l.at(k.path, c.Finding)
	}
}

func contradictions(r *rendering) []contradiction {
	i := r.inventory
	return append([]contradiction{}, slices.Concat(stores(i), shapes(i), writers(i), illegal(r), pushes(i), unwritten(r))...)
}

func found(source, rule string, level Level, help, format string, args ...any) contradiction {
	return contradiction{Finding: Finding{Rule: rule, Level: level, Message: fmt.Sprintf(format, args...), Hint: help}, chart: chartOf(source)}
}

// stores judges what the ExternalSecrets read through.
func stores(i gen3.Inventory) []contradiction {
	var out []contradiction
	missing := map[string]bool{}
	for _, r := range i.Reads {
		made := slices.ContainsFunc(i.Stores, func(s gen3.Store) bool { return s.Ref == r.Store })
		if made || missing[r.Store] || !strings.HasPrefix(r.Store, "SecretStore ") {
			continue
		}
		missing[r.Store] = true
		out = append(out, found(r.Source, "store-missing", Error, "make it, or have the chart use another one",
			"ExternalSecret %s reads through %s, which nobody makes", r.By, r.Store))
	}
	for _, s := range i.Stores {
		if s.AWS && s.Account == "" && len(s.Secrets) == 0 {
			out = append(out, found(s.Source, "store-without-credentials", Error, "take out what switches its credentials off",
				"%s has no credentials at all: it would use those of the operator's own pod", s.Ref))
		}
		for _, name := range s.Secrets {
			for _, r := range i.Reads {
				if r.Target == name && r.Store == s.Ref {
					out = append(out, found(s.Source, "store-cycle", Error, "have the store sign in with a role, or make that Secret otherwise, as gen3-bootstrap up does",
						"%s signs in with Secret %s, which only ExternalSecret %s makes, by that very store", s.Ref, name, r.By))
				}
			}
		}
	}
	return out
}

// shapes judges what is read in two ways.
func shapes(i gen3.Inventory) []contradiction {
	var out []contradiction
	for _, r := range i.Requirements {
		if !r.Contradicts() && !mixed(r) {
			continue
		}
		var who []string
		for _, read := range r.Reads {
			who = append(who, fmt.Sprintf("%s (%s)", read.By, read.Shape))
		}
		slices.Sort(who)
		who = slices.Compact(who)
		for _, read := range r.Reads { // each of their charts may be to blame
			out = append(out, found(read.Source, "two-shapes", Error, "give one of them a name of its own",
				"secret %s is read in two shapes: %s", r.Name, strings.Join(who, ", ")))
		}
	}
	return out
}

// mixed reports whether one secret serves as JSON with named parts and as an object that becomes a Secret as a whole, for different ones.
func mixed(r gen3.Requirement) bool {
	return len(r.Shapes) > 1 && len(r.Targets()) > 1
}

// writers judges Secrets that two make.
func writers(i gen3.Inventory) []contradiction {
	var out []contradiction
	seen := map[string]bool{}
	for _, w := range i.Writers {
		if seen[w.Secret] || w.Kind != gen3.ByOperator {
			continue
		}
		for _, other := range i.WritersOf(w.Secret) {
			if other.Sure() && (other.Kind != w.Kind || other.By != w.By) && !seen[w.Secret] {
				seen[w.Secret] = true
				out = append(out, found(w.Source, "two-writers", Error, "switch one of them off",
					"Secret %s is made by %s and by %s: each undoes what the other wrote", w.Secret, w.By, other.By))
			}
		}
	}
	return out
}

// illegal judges names that the API server refuses.
func illegal(r *rendering) []contradiction {
	var out []contradiction
	for _, o := range r.Objects {
		if strings.Contains(o.Kind(), "Role") || o.Name() == "" {
			continue
		}
		if wrong := validation.IsDNS1123Subdomain(o.Name()); len(wrong) > 0 {
			out = append(out, found(o.Source, "illegal-name", Error, "take a name of lower case letters, digits, hyphens and dots",
				"the value also becomes the name of %s, which Kubernetes refuses: the whole installation fails", o.Ref()))
		}
	}
	return out
}

// pushes judges what PushSecrets put into Secrets Manager.
func pushes(i gen3.Inventory) []contradiction {
	var out []contradiction
	for _, p := range i.Pushes {
		for _, w := range i.WritersOf(p.Secret) {
			if len(w.Empty) > 0 && (p.Key == "" || slices.Contains(w.Empty, p.Key)) {
				out = append(out, found(p.Source, "push-empty", Error, "set what is missing before anything is pushed; it is not pushed again",
					"PushSecret %s puts an empty %s into secret %s", p.By, strings.Join(w.Empty, ", "), p.Remote))
			}
		}
		at := slices.IndexFunc(i.Requirements, func(r gen3.Requirement) bool { return r.Name == p.Remote })
		switch {
		case at < 0:
			out = append(out, found(p.Source, "push-unread", Warning, "push only what the deployment reads: switch the push off, or the Secrets that the chart makes",
				"PushSecret %s writes secret %s, which this deployment does not read: its pods use other values, and what is pushed never works", p.By, p.Remote))
		case p.Property != "" && slices.Contains(i.Requirements[at].Shapes, gen3.Whole):
			out = append(out, found(p.Source, "push-shape", Error, "write the secret otherwise",
				"PushSecret %s writes secret %s as JSON, and it is read whole", p.By, p.Remote))
		}
	}
	return out
}

// unwritten lists Secrets that pods need and nobody makes, as far as the objects tell.
func unwritten(r *rendering) []contradiction {
	var out []contradiction
	seen := map[string]bool{}
	for _, reader := range r.inventory.Readers {
		if seen[reader.Secret] || reader.Severity() != gen3.StopsPods || reader.Via == gen3.ViaStore || len(r.inventory.WritersOf(reader.Secret)) > 0 {
			continue
		}
		if slices.ContainsFunc(r.LeftOut, func(l render.LeftOut) bool { return strings.Contains(reader.Secret, l.Name) }) {
			continue
		}
		seen[reader.Secret] = true
		out = append(out, found(reader.Source, "unwritten-secret", Note, "check that it is in the cluster",
			"%s needs Secret %s, which the chart does not make", reader.By, reader.Secret))
	}
	return out
}
