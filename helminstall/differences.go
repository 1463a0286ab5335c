package helminstall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// differences says in what a deployed release is not as wanted, old -> new. Of values it names the keys only, since
// they may be secrets.
func differences(o *Observed, w Want, values map[string]any) []string {
	var out []string
	if d := chartDiffers(o.Release, w); d != "" {
		out = append(out, d)
	}
	if keys := changedKeys(o.Release.Config, values); len(keys) > 0 {
		out = append(out, "values differ: "+words.Few(keys))
	}
	if len(o.Missing) > 0 {
		out = append(out, "missing in the cluster: "+words.Few(o.Missing))
	}
	return out
}

// chartDiffers says how the stored chart is not the wanted one, or "".
func chartDiffers(r *stored.Record, w Want) string {
	have := r.Chart.Metadata
	name, version := cmp.Or(w.Chart, have.Name), cmp.Or(w.Version, have.Version)
	switch {
	case name != have.Name:
		return fmt.Sprintf("chart %s %s -> %s %s", have.Name, have.Version, name, cmp.Or(w.Version, "newest"))
	case !chartsource.SameVersion(version, have.Version):
		return fmt.Sprintf("chart %s -> %s", have.Version, version)
	case w.Digest != "" && w.Digest != r.Labels[stored.DigestLabel] && r.Marked():
		return fmt.Sprintf("content of chart %s changed: digest %s -> %s", have.Version,
			cmp.Or(short(r.Labels[stored.DigestLabel]), "none"), short(w.Digest))
	}
	return ""
}

func short(digest string) string { return digest[:min(len(digest), 12)] }

func chartWords(w Want) string {
	return fmt.Sprintf("chart %s %s", cmp.Or(w.Chart, chartsource.DefaultChart), cmp.Or(w.Version, "in its newest version"))
}

// served lists the API versions of the CRDs, for a reason.
func served(crds []CRD) string {
	var all []string
	for _, c := range crds {
		all = append(all, c.Served...)
	}
	slices.Sort(all)
	return cmp.Or(strings.Join(slices.Compact(all), " and "), noVersion)
}

const noVersion = "no API version"

// deadConversions says which CRDs still ask for a webhook that the release's chart does not have.
func deadConversions(o *Observed) []string {
	var out []string
	for _, c := range o.CRDs {
		if c.Converts && stored.DefinesWithoutConversion(o.Release.Manifest, c.Name) {
			out = append(out, fmt.Sprintf("CRD %s asks for the conversion webhook of an older operator", c.Name))
		}
	}
	return out
}
