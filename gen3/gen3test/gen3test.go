// Package gen3test has a small umbrella chart with the constructs of Gen3's own, as a git checkout has it: for tests and the demonstration.
package gen3test

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
)

//go:embed all:helm
var charts embed.FS

// The versions of the chart. Between them a secret of fence becomes a part of JSON, as between gen3 0.1.68 and 0.2.140.
const (
	Old = "0.1.68"
	New = "0.3.90"
)

// Write puts the charts under a directory, as a git checkout has them, and returns that of the umbrella.
func Write(root, version string) (string, error) {
	err := fs.WalkDir(charts, "helm", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := charts.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, []byte(inVersion(path, string(text), version)), 0o600)
	})
	return filepath.Join(root, "helm", "gen3"), err
}

// Archive packs the umbrella of a checkout with all that it depends on, as Gen3 publishes it, and returns the file.
func Archive(checkout, to string) (string, error) {
	top, err := loader.LoadDir(checkout)
	if err != nil {
		return "", err
	}
	if err := vendor(top, checkout); err != nil {
		return "", err
	}
	return chartutil.Save(top, to)
}

// Checkout is Write into a directory of the test.
func Checkout(t *testing.T, version string) string {
	t.Helper()
	dir, err := Write(t.TempDir(), version)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Pack is Archive into a directory of the test.
func Pack(t *testing.T, version string) string {
	t.Helper()
	path, err := Archive(Checkout(t, version), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// vendor adds what a chart depends on: from beside it, or in the place of what is somewhere else a chart of one Secret.
func vendor(ch *chart.Chart, dir string) error {
	for _, want := range ch.Metadata.Dependencies {
		beside, ok := strings.CutPrefix(want.Repository, "file://")
		if !ok {
			ch.AddDependency(&chart.Chart{
				Metadata:  &chart.Metadata{APIVersion: "v2", Name: want.Name, Version: want.Version, Type: "application"},
				Templates: []*chart.File{{Name: "templates/secret.yaml", Data: []byte("kind: Secret\nmetadata: {name: {{ .Release.Name }}-" + want.Name + "}\n")}},
			})
			continue
		}
		sub, err := loader.LoadDir(filepath.Join(dir, beside))
		if err != nil {
			return err
		}
		if err := vendor(sub, filepath.Join(dir, beside)); err != nil {
			return err
		}
		ch.AddDependency(sub)
	}
	return nil
}

func inVersion(path, text, version string) string {
	if path == "helm/gen3/Chart.yaml" {
		return strings.ReplaceAll(text, "version: 0.0.0", "version: "+version)
	}
	if version != Old {
		return text
	}
	text = strings.ReplaceAll(text, "      property: fence_google_app_creds_secret.json\n", "")
	// Until 0.2.87 another key had the chart make the Secrets of databases, and their ExternalSecrets were there all the same.
	text = strings.ReplaceAll(text, "if and .Values.global.externalSecrets.deploy (not .Values.global.externalSecrets.createLocalK8sSecret)", "if .Values.global.externalSecrets.deploy")
	return strings.ReplaceAll(text, "createLocalK8sSecret", "dbCreate")
}

// Values writes a values file of the test.
func Values(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
