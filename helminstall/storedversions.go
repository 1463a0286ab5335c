package helminstall

import (
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

// checkStoredVersions renders a new chart's CRDs beforehand: the API server refuses one that no longer lists a version
// in which objects may still lie in etcd, and it would do so in mid-upgrade.
func (s *Step) checkStoredVersions() error {
	if s.next == nil || !s.verdict.NewChart || len(s.seen.CRDs) == 0 {
		return nil
	}
	rendered, err := s.renderCRDs(s.next.chart)
	if err != nil {
		return err
	}
	for _, crd := range s.seen.CRDs {
		if err := storedVersionsServed(crd.Name, crd.Stored, rendered[crd.Name]); err != nil {
			return err
		}
	}
	return nil
}

// renderCRDs returns the versions of each CRD that the chart would make.
func (s *Step) renderCRDs(ch *chart.Chart) (map[string][]string, error) {
	vals, err := chartutil.ToRenderValues(ch, s.wanted.Values, chartutil.ReleaseOptions{
		Name: s.Settings.Release, Namespace: s.Namespace, Revision: 1, IsUpgrade: true,
	}, s.apis.capabilities)
	if err != nil {
		return nil, refuse(fmt.Errorf("render chart %s %s: %w", ch.Metadata.Name, ch.Metadata.Version, err), valuesHint)
	}
	files, err := engine.Engine{}.Render(ch, vals)
	if err != nil {
		return nil, refuse(fmt.Errorf("render chart %s %s: %w", ch.Metadata.Name, ch.Metadata.Version, err), valuesHint)
	}
	out := map[string][]string{}
	for _, text := range files {
		for _, doc := range documents(text) {
			if name, versions := crdVersions(doc); name != "" {
				out[name] = versions
			}
		}
	}
	return out, nil
}

const valuesHint = "check --values and --set against the values that this chart version takes"

// crdVersions reads a rendered document that defines one of the watched CRDs.
func crdVersions(doc string) (name string, versions []string) {
	if !ofKind(doc, crdKind) || !slices.ContainsFunc(watchedCRDs(), func(n string) bool { return strings.Contains(doc, "name: "+n) }) {
		return "", nil
	}
	var crd rawCRD
	if yaml.Unmarshal([]byte(doc), &crd) != nil {
		return "", nil
	}
	for _, v := range crd.Spec.Versions {
		versions = append(versions, v.Name)
	}
	return crd.Metadata.Name, versions
}

// storedVersionsServed is nil for a CRD that the chart leaves alone.
func storedVersionsServed(crd string, stored, have []string) error {
	for _, version := range stored {
		if len(have) > 0 && !slices.Contains(have, version) {
			return refuse(fmt.Errorf("upgrade CRD %s: objects may be stored as %s, which the new chart (%s) does not know",
				crd, version, strings.Join(have, ", ")),
				fmt.Sprintf("choose a --chart-version that knows %s (%s knows v1beta1 and v1); or rewrite every object once "+
					"and take %s out of status.storedVersions of the CRD", version, DefaultVersion, version))
		}
	}
	return nil
}
