package chartsource

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"
)

// Repositories that mirror many others have indexes of tens of megabytes, and a YAML parser takes some thirty times a
// text's size, or a hundred with bad luck. So only a small one is parsed whole; of a larger one the chart's own entries are
// cut out first, as lines, since helm writes them in one way.
const (
	wholeIndex  = 1 << 20
	maxVersions = 10_000
	maxEntry    = 64 << 10 // of what is read of one version
)

// entry is as much of an index as is needed to choose, fetch and check an archive.
type entry struct {
	Version string   `json:"version"`
	URLs    []string `json:"urls"`
	Digest  string   `json:"digest"`

	version *semver.Version // nil where Version is none
}

// chartIndex is what a repository's index.yaml tells of one chart.
type chartIndex struct {
	entries []entry
	charts  []string // the names of all charts, sorted
}

// parseIndex reads the entries of one chart. Helm's own reader validates every chart, which is slow and is not this
// program's business.
func parseIndex(body []byte, name string) (chartIndex, error) {
	var found chartIndex
	var err error
	if len(body) <= wholeIndex || bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		found, err = parseWhole(body, name)
	} else {
		found, err = cutIndex(body, name)
	}
	if err != nil {
		return found, err
	}
	if len(found.entries) > maxVersions {
		return found, tooMany(name)
	}
	for i := range found.entries {
		e := &found.entries[i]
		e.version, _ = semver.NewVersion(e.Version)
	}
	slices.Sort(found.charts)
	return found, nil
}

// parseWhole reads any form of an index, JSON among them.
func parseWhole(body []byte, name string) (out chartIndex, err error) {
	var index struct {
		Entries map[string]json.RawMessage `json:"entries"`
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		err = json.Unmarshal(body, &index)
	} else {
		err = yaml.Unmarshal(body, &index)
	}
	if err != nil {
		return out, errors.New("its index.yaml is not YAML")
	}
	if index.Entries == nil {
		return out, errNoCharts
	}
	for chart := range index.Entries {
		out.charts = append(out.charts, chart)
	}
	own := index.Entries[name]
	if len(own) == 0 {
		return out, nil
	}
	if bytes.Count(own, []byte("{")) > 20*maxVersions { // before there are as many in memory
		return out, tooMany(name)
	}
	if json.Unmarshal(own, &out.entries) != nil {
		return out, fmt.Errorf("its index.yaml does not list versions of %s", name)
	}
	return out, nil
}

var errNoCharts = errors.New("its index.yaml lists no charts")

func tooMany(name string) error {
	return fmt.Errorf("its index.yaml lists more than %d versions of %s", maxVersions, name)
}

// names lists a few charts of an index, for a hint.
func (c chartIndex) names() string {
	return cmp.Or(strings.Join(c.charts[:min(len(c.charts), 10)], ", "), "none")
}

// byVersion sorts the newest first; what is no version comes last.
func (c chartIndex) byVersion() []entry {
	return slices.SortedStableFunc(slices.Values(c.entries), func(a, b entry) int {
		if a.version == nil || b.version == nil {
			return boolInt(a.version == nil) - boolInt(b.version == nil)
		}
		return b.version.Compare(a.version)
	})
}

func (e entry) stable() bool { return e.version != nil && e.version.Prerelease() == "" }
