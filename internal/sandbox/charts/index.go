package charts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/repo"
)

const indexName = "index.yaml"

// newIndex describes archives as "helm repo index" does, but for the times.
func newIndex(archives []archive) (*repo.IndexFile, error) {
	epoch := time.Unix(0, 0).UTC()
	index := repo.NewIndexFile()
	index.Generated = epoch
	for _, a := range archives {
		chart, err := loader.LoadArchive(bytes.NewReader(a.content))
		if err != nil {
			return nil, fmt.Errorf("read %s back: %w", a.name, err)
		}
		sum := sha256.Sum256(a.content)
		if err := index.MustAdd(chart.Metadata, a.name, "", hex.EncodeToString(sum[:])); err != nil {
			return nil, fmt.Errorf("index %s: %w", a.name, err)
		}
	}
	for _, versions := range index.Entries {
		for _, v := range versions {
			v.Created = epoch
		}
	}
	index.SortEntries()
	return index, nil
}
