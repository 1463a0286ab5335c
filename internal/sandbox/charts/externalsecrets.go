package charts

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/chart/loader"
)

// ExternalSecrets is the name of the chart of External Secrets Operator.
const ExternalSecrets = "external-secrets"

// release is one version of the chart as the repository offers it. All are
// made from the one source; they differ in what API versions the CRDs serve,
// as the published ones do.
type release struct {
	version string
	crds    func(*crd)
}

func releases() []release {
	return []release{
		{"0.15.1", (*crd).keepOnlyV1Beta1},
		{"0.16.1", nil},
		{"0.16.2", nil},
		{"0.17.0", (*crd).stopServingV1Beta1},
	}
}

// packExternalSecrets packs every release.
func packExternalSecrets(ctx context.Context) ([]archive, error) {
	module, err := downloadModule(ctx)
	if err != nil {
		return nil, err
	}
	bundle, err := os.ReadFile(filepath.Join(module, "deploy", "crds", "bundle.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read CRDs: %w", err)
	}
	base, err := chartFiles(filepath.Join(module, "deploy", "charts", "external-secrets"))
	if err != nil {
		return nil, err
	}
	var archives []archive
	for _, r := range releases() {
		a, err := r.pack(base, bundle)
		if err != nil {
			return nil, fmt.Errorf("chart %s %s: %w", ExternalSecrets, r.version, err)
		}
		archives = append(archives, a)
	}
	return archives, nil
}

// chartFiles are those that "helm package" would take.
func chartFiles(dir string) (files, error) {
	chart, err := loader.LoadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read chart: %w", err)
	}
	f := files{}
	for _, raw := range chart.Raw {
		f[raw.Name] = raw.Data
	}
	delete(f, "Chart.lock") // goes with the dependency that setVersion drops
	return f, nil
}

// pack adds the CRDs to the chart and gives it its version.
func (r release) pack(base files, bundle []byte) (archive, error) {
	f := maps.Clone(base)
	if err := f.setVersion(r.version, "v"+r.version); err != nil {
		return archive{}, err
	}
	crds, err := splitCRDs(bundle)
	if err != nil {
		return archive{}, err
	}
	for _, c := range crds {
		if r.crds != nil {
			r.crds(c)
		}
		template, err := c.template()
		if err != nil {
			return archive{}, err
		}
		f["templates/crds/"+c.singular()+".yaml"] = template
	}
	return f.pack(ExternalSecrets, r.version)
}
