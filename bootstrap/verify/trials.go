package verify

import (
	"context"
	"crypto/rand"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// purpose is why a name was read.
type purpose int

const (
	probe    purpose = iota // a name that cannot exist, to tell a right from none
	canary                  // the one that the caller named
	required                // an ExternalSecret reads it
)

// trial is one name of Secrets Manager and what came of reading it.
type trial struct {
	purpose purpose
	name    string
	version reading.Version
	answer  reading.Answer
	err     error // AWS did not judge it
}

// tryAll reads what there is to read, once: the permission, the KMS keys and the ExternalSecrets are judged by the same answers.
func (l *look) tryAll(ctx context.Context) {
	if l.trials != nil {
		return
	}
	l.trials = l.toTry()
	var group errgroup.Group
	group.SetLimit(parallel.Limit)
	for i := range l.trials {
		t := &l.trials[i]
		group.Go(func() error {
			t.answer, t.err = l.by.TryVersion(ctx, t.name, t.version)
			return nil
		})
	}
	_ = group.Wait() // each trial has its own error
	l.missingOfNames()
}

// missingOfNames finds out which names of a policy for exact names nobody has. AWS may answer for them as for what is denied: it has no ARN
// to hold against the policy's.
func (l *look) missingOfNames() {
	for i := range l.trials {
		t := &l.trials[i]
		if t.answer.State != reading.Denied || !slices.Contains(l.target.Settings.ReadNames, t.name) {
			continue
		}
		if names := l.names(); names != nil && !slices.Contains(names, t.name) {
			t.answer.State, t.answer.Says = reading.Missing, "ListSecrets shows no secret of that name"
		}
	}
}

func (l *look) toTry() []trial {
	var out []trial
	names := l.target.Settings.ReadNames
	switch prefixes := l.target.Settings.SecretPrefixes; {
	case l.options.Canary != "":
		out = append(out, trial{purpose: canary, name: l.options.Canary})
	case len(prefixes) == 0 && len(names) > 0:
		out = append(out, trial{name: names[0]}) // there is no other name that the policy allows
	case len(prefixes) == 0:
		out = append(out, trial{name: noSuchName("")})
	default:
		for _, prefix := range prefixes {
			out = append(out, trial{name: noSuchName(prefix)})
		}
	}
	for _, o := range l.cluster.objects.Objects {
		for _, r := range o.Reads {
			t := trialOf(r)
			same := func(x trial) bool { return x.purpose == required && x.name == t.name && x.version == t.version }
			if r.Unjudged == "" && l.wired(r.Store) && !slices.ContainsFunc(out, same) {
				out = append(out, t)
			}
		}
	}
	return out
}

func trialOf(r external.Read) trial {
	id, stage := r.VersionOf()
	return trial{purpose: required, name: r.Name, version: reading.Version{ID: id, Stage: stage}}
}

// answerTo is what came of a read.
func (l *look) answerTo(r external.Read) (trial, bool) {
	t := trialOf(r)
	i := slices.IndexFunc(l.trials, func(x trial) bool { return x.purpose == required && x.name == t.name && x.version == t.version })
	if i < 0 {
		return trial{}, false
	}
	return l.trials[i], true
}

// wired reports whether a store reads what verify reads.
func (l *look) wired(ref external.StoreRef) bool {
	return slices.ContainsFunc(l.judged(), func(o Object) bool { return o.Kind == ref.Kind && o.Name == ref.Name && o.State == OK })
}

// noSuchName is a name below a prefix that nobody has.
func noSuchName(prefix string) string { return prefix + "gen3-bootstrap-verify-" + rand.Text() }
