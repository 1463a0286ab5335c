package helminstall

import (
	"cmp"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
)

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
