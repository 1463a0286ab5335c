package helminstall

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
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

// Serves returns the API versions in which the cluster takes ExternalSecrets and SecretStores once Apply has done what
// the last Observe said, and whose they are, in words. None are returned where that cannot be told.
func (s *Step) Serves() (versions []string, whose string) {
	if s.seen == nil {
		return nil, ""
	}
	info := s.Release()
	if s.writes() && s.verdict.NewChart {
		version := cmp.Or(s.nextVersion(), info.ChartVersion)
		if s.next != nil && s.next.Chart.Metadata.Name != chartsource.DefaultChart {
			return nil, ""
		}
		return servedBy(version, s.wanted.Values), "chart " + chartsource.DefaultChart + " " + version
	}
	whose = "the CRDs"
	if info.ChartVersion != "" {
		whose = "the CRDs of chart " + chartsource.DefaultChart + " " + info.ChartVersion
	}
	return servedByAll(s.seen.CRDs), whose
}

// servedByAll are the versions that every one of the CRDs serves.
func servedByAll(crds []CRD) []string {
	if len(crds) < len(watchedCRDs()) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(crds[0].Served), func(version string) bool {
		return slices.ContainsFunc(crds, func(c CRD) bool { return !slices.Contains(c.Served, version) })
	})
}

// servedBy is what the published charts serve (external-secrets, deploy/crds/bundle.yaml of each version): both only in
// 0.16, and the older one again from 1.3.1 on where the values ask for it.
func servedBy(chartVersion string, values map[string]any) []string {
	v, err := semver.NewVersion(chartVersion)
	if err != nil {
		return nil
	}
	switch {
	case v.LessThan(semver.MustParse("0.16.0-0")):
		return []string{"v1beta1"}
	case v.LessThan(semver.MustParse("0.17.0-0")):
		return []string{"v1", "v1beta1"}
	}
	crds, _ := values["crds"].(map[string]any)
	if again, _ := crds["unsafeServeV1Beta1"].(bool); again && !v.LessThan(semver.MustParse("1.3.1")) {
		return []string{"v1", "v1beta1"}
	}
	return []string{"v1"}
}

// Running is whether an operator runs. Trouble is "" where one is available, and else says of each why not.
type Running struct {
	Operators []Operator
	Trouble   string
	Hint      string
}

// Running looks at the operators that the last Observe saw, and at the pods of those that are not available.
func (s *Step) Running(ctx context.Context) (Running, error) {
	out := Running{Operators: s.Operators()}
	var said []string
	for _, op := range out.Operators {
		at := stored.Object{Namespace: op.Namespace, Name: op.Name}
		switch {
		case op.Available:
			return Running{Operators: out.Operators}, nil
		case op.Stopped:
			said = append(said, op.deployment()+" is scaled to 0 replicas")
			out.Hint = cmp.Or(out.Hint, hint.Command("kubectl", "-n", op.Namespace, "scale", "deployment", op.Name, "--replicas=1"))
			continue
		}
		_, message, err := s.troubleWith(ctx, at)
		if err != nil {
			return out, err
		}
		said = append(said, op.deployment()+": "+cmp.Or(message, "none of its pods is available"))
		out.Hint = cmp.Or(out.Hint, hint.Command("kubectl", "-n", op.Namespace, "describe", "deployment/"+op.Name))
	}
	out.Trouble = strings.Join(said, "; ")
	return out, nil
}

// Unseen is what could not be read and would tell whether an operator is there, "" where nothing was.
func (s *Step) Unseen() string {
	if s.seen == nil {
		return ""
	}
	return s.seen.Unseen
}
