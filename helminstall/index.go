package helminstall

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// parseIndex reads a repository's index.yaml; Helm's own reader validates every chart in it, which is slow and is not
// this program's business.
func parseIndex(body []byte) (map[string][]entry, error) {
	var index struct {
		Entries map[string][]entry `json:"entries"`
	}
	if err := yaml.Unmarshal(body, &index); err != nil {
		return nil, errors.New("its index.yaml is not YAML")
	}
	if index.Entries == nil {
		return nil, errors.New("its index.yaml lists no charts")
	}
	return index.Entries, nil
}

// names lists a few charts of an index, for a hint.
func names(index map[string][]entry) string {
	all := slices.Sorted(maps.Keys(index))
	return cmp.Or(strings.Join(all[:min(len(all), 10)], ", "), "none")
}
