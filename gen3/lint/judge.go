package lint

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/xrash/smetrics"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// judge applies the method to values that render.
func (l *Linter) judge(base *rendering) {
	again, err := l.render(l.values)
	if err != nil {
		l.unrendered(err)
		return
	}
	random := chanceIn(base, again)
	unknown := l.unknown(base)
	known := l.candidates(base, unknown)
	trials := l.try(base, random, append(slices.Clone(unknown), known...))
	for _, t := range trials {
		switch {
		case t.affected:
		case slices.ContainsFunc(unknown, func(e entry) bool { return e.name() == t.entry.name() }):
			l.tellUnknown(t.entry, base)
		case len(base.inventory.Reads) > 0 && !namesSecret(base, valueAt(l.values, t.entry.path)): // or it says what would be without it
			l.at(t.entry.name(), Finding{
				Rule: "no-effect", Level: Warning, Message: t.entry.name() + " changes nothing: the chart makes the same without it",
				Hint: l.whyNot(t.entry, base, random),
			})
		}
	}
	l.strings(base, random)
	l.clashes(base)
	l.broken(base)
	l.graph(base, trials)
}

// whyNot finds the switch beside a name that keeps it from being used: with it off, the name has an effect.
func (l *Linter) whyNot(e entry, base *rendering, random chance) string {
	parent := e.path[:len(e.path)-1]
	key := e.path[len(e.path)-1]
	beside := l.Chart.Schema().Beside(e.path)
	if now := renamed()[key]; now != "" && slices.Contains(beside, now) {
		return "it is called " + strings.Join(append(slices.Clone(parent), now), ".") + " in this version of the chart"
	}
	for _, place := range [][]string{parent, {"global", "externalSecrets"}} {
		merged, _ := valueAt(base.Values, place).(map[string]any)
		for _, flag := range slices.Sorted(maps.Keys(merged)) {
			if on, _ := merged[flag].(bool); !on || flag == key || !strings.HasPrefix(flag, "create") {
				continue
			}
			at := append(slices.Clone(place), flag)
			off := with(l.values, at, false, false)
			named, err := l.render(off)
			if err != nil {
				continue
			}
			if unnamed, err := l.render(without(off, e.path)); err == nil && len(differ(named, unnamed, random)) > 0 {
				return strings.Join(at, ".") + " is true, by which the chart makes the Secret itself: with false the name counts"
			}
		}
	}
	return "see which other value switches it on, or leave it out"
}

// unknown are the keys that no values.yaml declares and no template reads, the outermost of each. Of a chart that is off it cannot be tried
// what they do, so that those may pass that a template takes with others.
func (l *Linter) unknown(base *rendering) []entry {
	schema := l.Chart.Schema()
	var out []entry
	for _, e := range l.keys.effective() {
		known := schema.Known(e.path) || e.path[0] != "global" && !renders(base, e.path[0]) && schema.MayBeRead(e.path)
		if known || slices.ContainsFunc(out, func(o entry) bool { return strings.HasPrefix(e.name()+".", o.name()+".") }) {
			continue
		}
		out = append(out, e)
	}
	return out
}

// renamed are keys that later charts call otherwise, under the same mapping.
func renamed() map[string]string { return map[string]string{"dbCreate": "createLocalK8sSecret"} }

func (l *Linter) tellUnknown(e entry, base *rendering) {
	schema := l.Chart.Schema()
	parent, key := e.path[:len(e.path)-1], e.path[len(e.path)-1]
	f := Finding{Rule: "unknown-key", Level: Error, Message: "the chart has no value " + e.name() + ": it changes nothing"}
	beside, elsewhere := schema.Beside(e.path), schema.Elsewhere(e.path)
	meant := func(key string) string { return strings.Join(append(slices.Clone(parent), key), ".") }
	now := renamed()[key]
	switch near := nearest(key, beside); {
	case now != "" && slices.Contains(beside, now):
		f.Hint = "it is called " + meant(now) + " in this version of the chart"
	case near != "":
		f.Message += l.readInstead(base, e, append(slices.Clone(parent), near))
		f.Hint = "did you mean " + meant(near) + "?"
	case len(elsewhere) > 0 && len(elsewhere) < 4:
		f.Hint = "did you mean " + strings.Join(elsewhere, " or ") + "?"
	default:
		f.Level, f.Hint = Warning, "check it against the values.yaml of the chart"
	}
	l.at(e.name(), f)
}

// readInstead says which secrets the deployment reads since a key does not stand where it was meant to.
func (l *Linter) readInstead(base *rendering, e entry, meant []string) string {
	v := valueAt(l.values, e.path)
	for _, key := range slices.Backward(meant) {
		v = map[string]any{key: v}
	}
	placed, _ := v.(map[string]any)
	there, err := l.render(helmvalues.Merge(without(l.values, e.path), placed))
	if err != nil {
		return ""
	}
	var reads, would []string
	for _, c := range gen3.Compare(base.inventory.Requirements, there.inventory.Requirements) {
		if c.After == nil {
			reads = append(reads, c.Name)
		}
		if c.Before == nil {
			would = append(would, c.Name)
		}
	}
	if len(reads) == 0 || len(would) == 0 {
		return ""
	}
	return fmt.Sprintf("; the deployment reads secret %s, not %s", words.Few(reads), words.Few(would))
}

// nearest is the key that was most likely meant, or "".
func nearest(key string, known []string) string {
	const enough = 0.9
	plain := func(s string) string { return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s)) }
	best, near := enough, ""
	for _, k := range known {
		if score := smetrics.JaroWinkler(plain(key), plain(k), 0.7, 4); score >= best {
			best, near = score, k
		}
	}
	return near
}

// candidates are the keys that are about secrets, say something else than the chart does, and belong to a chart that is rendered. The rest
// of a values file is the services' own, and takes minutes to try.
func (l *Linter) candidates(base *rendering, unknown []entry) []entry {
	var out []entry
	for _, e := range l.keys.effective() {
		v := valueAt(l.values, e.path)
		standard, has := l.Chart.Default(e.path)
		switch {
		case !e.leaf || !aboutSecrets(e.path) || v == nil || v == "":
		case slices.ContainsFunc(unknown, func(o entry) bool { return strings.HasPrefix(e.name()+".", o.name()+".") }):
		case has && reflect.DeepEqual(standard, v):
		case !has && v == false: // as good as nothing
		case e.path[0] != "global" && !renders(base, e.path[0]):
		default:
			out = append(out, e)
		}
	}
	return out
}

// namesSecret reports whether a value is the name of a secret that is read.
func namesSecret(base *rendering, v any) bool {
	return slices.ContainsFunc(base.inventory.Requirements, func(r gen3.Requirement) bool { return v == r.Name })
}

func renders(base *rendering, chart string) bool {
	for part := range base.parts {
		if chartOf(part) == chart {
			return true
		}
	}
	return false
}

func aboutSecrets(path []string) bool {
	last := path[len(path)-1]
	return slices.Contains(path, "externalSecrets") || strings.HasPrefix(last, "createK8s") || last == "pushSecret" ||
		len(path) > 2 && path[0] == "global" && (path[1] == "aws" || path[1] == "postgres")
}

// strings finds strings where a boolean was meant: every string but the empty one is true.
func (l *Linter) strings(base *rendering, random chance) {
	for _, e := range l.keys.effective() {
		text, isText := valueAt(l.values, e.path).(string)
		if !isText || !slices.Contains([]string{"false", "no", "off"}, strings.ToLower(text)) {
			continue
		}
		if standard, has := l.Chart.Default(e.path); has {
			if _, isBool := standard.(bool); !isBool {
				continue
			}
		}
		if l.same(e, true, base, random) && !l.same(e, false, base, random) {
			l.at(e.name(), Finding{
				Rule: "string-boolean", Level: Error, Message: e.name() + " is a string, and a template takes any string for true",
				Hint: "write it without quotation marks: false",
			})
		}
	}
}

// same reports whether a boolean in the place of a value makes the same.
func (l *Linter) same(e entry, v bool, base *rendering, random chance) bool {
	got, err := l.render(with(l.values, e.path, v, false))
	return err == nil && len(differ(base, got, random)) == 0
}

// clashes tells of values that helm drops, but for those of the chart's own making.
func (l *Linter) clashes(base *rendering) {
	if len(base.Clashes) == 0 {
		return
	}
	var own []string
	if plain, err := l.render(nil); err == nil {
		own = plain.Clashes
	}
	for _, key := range base.Clashes {
		if slices.Contains(own, key) {
			continue
		}
		key = strings.TrimPrefix(key, l.Chart.Name()+".")
		l.at(key, Finding{
			Rule: "mapping-clash", Level: Error, Message: key + " is a mapping in the chart and something else here, or the other way round: helm drops what is no mapping",
			Hint: "give it the form that the chart's values.yaml has",
		})
	}
}

// unrendered tells why the chart does not render, and which key brought that about.
func (l *Linter) unrendered(err error) {
	f := Finding{Rule: "no-render", Level: Error, Message: err.Error(), Hint: hintOf(err)}
	if mismatch, ok := errors.AsType[render.MismatchError](err); ok {
		l.at(mismatch.Path, f)
		return
	}
	suspects := slices.DeleteFunc(l.keys.effective(), func(e entry) bool { return !e.leaf || !aboutSecrets(e.path) && e.path[0] != "global" })
	slices.SortStableFunc(suspects, func(a, b entry) int { return cmp.Compare(rank(a), rank(b)) })
	for _, e := range suspects {
		if _, failed := l.render(without(l.values, e.path)); failed == nil {
			f.Message += "; it renders without " + e.name()
			l.at(e.name(), f)
			return
		}
	}
	l.at("", f)
}

// rank puts first the keys that are about secrets.
func rank(e entry) int {
	if aboutSecrets(e.path) {
		return 0
	}
	return 1
}
