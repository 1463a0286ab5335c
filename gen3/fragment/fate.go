package fragment

import (
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// fate is what values do to a Secret of Kubernetes that the operator wrote.
type fate int

const (
	kept  fate = iota // the operator writes it as before
	local             // the chart makes it, or one of its Jobs, and the operator does not
	twice             // both write it, one over the other
	lost              // nobody makes it any more
	short             // the chart makes it without keys that pods need
)

// turn is a Secret whose fate is not to be kept.
type turn struct {
	secret string
	fate   fate
	by     string   // who makes it now
	keys   []string // that are missing, of short
	empty  []string // that come out empty
}

// turns compares what becomes of the Secrets that the operator writes.
func turns(before, after gen3.Inventory) []turn {
	var out []turn
	for _, secret := range written(before) {
		operator, others := parted(after.WritersOf(secret))
		_, othersBefore := parted(before.WritersOf(secret))
		t := turn{secret: secret}
		if len(others) > 0 {
			t.by = others[0].By
		}
		sure := slices.ContainsFunc(others, gen3.Writer.Sure)
		switch {
		case operator && sure && !slices.ContainsFunc(othersBefore, gen3.Writer.Sure):
			t.fate = twice
		case operator:
			continue
		case len(others) == 0:
			t.fate = lost
		default:
			t.fate, t.empty = local, emptyIn(others)
			if t.keys = lacking(others, after.ReadersOf(secret)); len(t.keys) > 0 {
				t.fate = short
			}
		}
		out = append(out, t)
	}
	return out
}

// written are the Secrets that the operator writes.
func written(i gen3.Inventory) []string {
	var out []string
	for _, w := range i.Writers {
		if w.Kind == gen3.ByOperator {
			out = words.AddOnce(out, w.Secret)
		}
	}
	slices.Sort(out)
	return out
}

func parted(writers []gen3.Writer) (operator bool, others []gen3.Writer) {
	for _, w := range writers {
		if w.Kind == gen3.ByOperator {
			operator = true
		} else {
			others = append(others, w)
		}
	}
	return operator, others
}

// lacking are the keys that readers need and no writer gives. What keys a Job writes is seldom known.
func lacking(writers []gen3.Writer, readers []gen3.Reader) []string {
	var out []string
	if slices.ContainsFunc(writers, func(w gen3.Writer) bool { return w.AllKeys || w.Kind == gen3.ByJob && len(w.Keys) == 0 }) {
		return nil
	}
	for _, r := range readers {
		has := slices.ContainsFunc(writers, func(w gen3.Writer) bool { return slices.Contains(w.Keys, r.Key) })
		if r.NeedsKey() && !has {
			out = words.AddOnce(out, r.Key)
		}
	}
	return out
}

// emptyIn are the keys that come out with nothing in them.
func emptyIn(writers []gen3.Writer) []string {
	var out []string
	for _, w := range writers {
		out = append(out, w.Empty...)
	}
	return out
}

// why says what is wrong with Secrets that have the same fate, "" where nothing is.
func why(turned []turn) string {
	var out []string
	for _, f := range []fate{twice, lost, short} {
		var secrets, keys []string
		for _, t := range turned {
			if t.fate == f {
				secrets = append(secrets, t.secret)
				for _, key := range t.keys {
					keys = words.AddOnce(keys, key)
				}
			}
		}
		if len(secrets) == 0 {
			continue
		}
		what := "Secret " + secrets[0]
		if len(secrets) > 1 {
			what = "Secrets " + words.Few(secrets)
		}
		switch f {
		case twice:
			out = append(out, "the chart makes "+what+" and External Secrets Operator writes there as well: each undoes the other's")
		case lost:
			out = append(out, "nothing makes "+what+" any more")
		case short:
			out = append(out, "the chart makes "+what+" without "+strings.Join(keys, ", ")+", which is needed")
		case kept, local:
		}
	}
	return strings.Join(out, "; ")
}

// bad are those that would break something.
func bad(turned []turn) []turn {
	return slices.DeleteFunc(slices.Clone(turned), func(t turn) bool { return t.fate == local })
}

// locals are the Secrets that the chart makes now.
func locals(turned []turn) []string {
	var out []string
	for _, t := range turned {
		if t.fate == local {
			out = append(out, t.secret)
		}
	}
	return out
}
