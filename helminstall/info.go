package helminstall

import (
	"cmp"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
)

// Info is what a run reports of the release.
type Info struct {
	Name         string `json:"name"`
	Namespace    string `json:"namespace"`
	ChartVersion string `json:"chartVersion"`
	Revision     int    `json:"revision"`
	AppVersion   string `json:"-"`
}

// Release describes the release as it was last observed or applied, or the one whose operator is used instead; the
// zero Info if there is none. What a first install will make has its name and version, and revision 0.
func (s *Step) Release() Info {
	switch {
	case s.seen == nil:
		return Info{}
	case s.verdict.State == Elsewhere:
		return s.elsewhereInfo()
	case s.writes() && (s.seen.Release == nil || s.seen.rest()):
		return Info{Name: s.Settings.Release, Namespace: s.Namespace, ChartVersion: s.nextVersion()}
	case s.seen.Release == nil:
		return Info{}
	}
	return infoOf(s.seen.Release)
}

func infoOf(r *stored.Record) Info {
	return Info{
		Name: r.Name, Namespace: r.Namespace, Revision: r.Revision,
		ChartVersion: r.Chart.Metadata.Version, AppVersion: r.Chart.Metadata.AppVersion,
	}
}

func (s *Step) nextVersion() string {
	if s.next != nil {
		return s.next.Chart.Metadata.Version
	}
	return s.wanted.Version
}

// elsewhereInfo takes from the release's own record what the operator's labels do not tell.
func (s *Step) elsewhereInfo() Info {
	out := s.labelledInfo()
	if s.seen.Other == nil {
		return out
	}
	rec := infoOf(s.seen.Other)
	rec.ChartVersion, rec.AppVersion = cmp.Or(rec.ChartVersion, out.ChartVersion), cmp.Or(out.AppVersion, rec.AppVersion)
	return rec
}

func (s *Step) labelledInfo() Info {
	for _, op := range s.seen.Operators {
		return Info{
			Name: op.Owner.Release, Namespace: op.Owner.Namespace,
			ChartVersion: strings.TrimPrefix(op.Chart, chartsource.DefaultChart+"-"), AppVersion: op.Version,
		}
	}
	for _, c := range s.seen.CRDs {
		return Info{Name: c.Owner.Release, Namespace: c.Owner.Namespace}
	}
	return Info{}
}

// State is what the last Observe made of the cluster.
func (s *Step) State() State { return s.verdict.State }

// Operators are those that the last Observe saw running, ours among them.
func (s *Step) Operators() []Operator {
	if s.seen == nil {
		return nil
	}
	return slices.Clone(s.seen.Operators)
}

// CRDs are those of External Secrets that the last Observe or Apply saw, with the versions that they serve.
func (s *Step) CRDs() []CRD {
	if s.seen == nil {
		return nil
	}
	return slices.Clone(s.seen.CRDs)
}

// Ours reports whether the release that Release describes is ours; see the package comment.
func (s *Step) Ours() bool {
	switch {
	case s.seen == nil:
		return false
	case s.verdict.State == Elsewhere:
		return s.seen.otherOurs()
	}
	return s.seen.ours() || s.verdict.State == Lost && s.seen.orphaned()
}
