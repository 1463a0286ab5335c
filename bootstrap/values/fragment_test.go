package values

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable/hostile"
)

func fragmentOf(t *testing.T, version, mode string, served ...string) signing {
	t.Helper()
	chart, err := gen3.Parse(version)
	if err != nil {
		t.Fatal(err)
	}
	return signing{
		chart: chart, mode: mode, namespace: "gen3", region: "us-east-1", serviceAccount: bootstrap.DefaultServiceAccount, served: served,
		roleARN: "arn:aws:iam::123456789012:role/gen3/external-secrets-gen3-0f8fad5b", secret: bootstrap.DefaultGlobalUserSecret,
	}
}

// TestFragments compares each mode, for charts on both sides of every change of theirs, with testdata/values.
func TestFragments(t *testing.T) {
	for _, version := range []string{"0.1.68", "0.2.100", "0.2.141", "0.3.60", "0.3.85", gen3.Newest} {
		for _, mode := range []string{bootstrap.ModeKeys, bootstrap.ModeIRSA, bootstrap.ModeGlobalUser, bootstrap.ModeIRSAAndGlobal} {
			f := fragmentOf(t, version, mode, gen3.V1, gen3.V1Beta1)
			if f.check() != nil {
				continue
			}
			t.Run(version+" "+mode, func(t *testing.T) {
				text, err := f.text()
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(text, "useLocalSecret") {
					t.Error("that value leaves the SecretStore without credentials")
				}
				var parsed map[string]any
				if err := yaml.UnmarshalStrict([]byte(text), &parsed); err != nil || len(parsed) != 1 {
					t.Errorf("as YAML: %v, %v", parsed, err)
				}
				golden.File(t, filepath.Join("..", "..", "testdata", "values", version+"-"+strings.ReplaceAll(mode, "+", "-")+".yaml"), text)
			})
		}
	}
}

// TestFragmentsHoldOurKeysAlone gives every name a hostile text: what is written says the same as the document, and
// nothing else, or is refused.
func TestFragmentsHoldOurKeysAlone(t *testing.T) {
	t.Parallel()
	for what, text := range hostile.Texts() {
		for _, mode := range []string{bootstrap.ModeKeys, bootstrap.ModeIRSA, bootstrap.ModeGlobalUser, bootstrap.ModeIRSAAndGlobal} {
			for field, set := range map[string]func(*signing){
				"namespace": func(f *signing) { f.namespace = text }, "region": func(f *signing) { f.region = text },
				"role": func(f *signing) { f.roleARN = text }, "account": func(f *signing) { f.serviceAccount = text },
				"secret": func(f *signing) { f.secret = text }, "served": func(f *signing) { f.served = []string{text, gen3.V1} },
				"none": func(*signing) {},
			} {
				f := fragmentOf(t, gen3.Newest, mode, gen3.V1)
				set(&f)
				got, err := f.text()
				if err != nil {
					if printable.Escape(text) == text {
						t.Errorf("%s as %s: %v", what, field, err)
					}
					continue
				}
				hostile.Clean(t, got)
				var parsed map[string]any
				if err := yaml.UnmarshalStrict([]byte(got), &parsed); err != nil {
					t.Fatalf("%s as %s: %v in %.300s", what, field, err, got)
				}
				if diff := cmp.Diff(f.values(), parsed); diff != "" {
					t.Errorf("%s as %s: %s", what, field, diff)
				}
			}
		}
	}
}

func TestFragmentsThatCannotWork(t *testing.T) {
	for _, version := range []string{"0.1.69", "0.2.140"} {
		for _, mode := range []string{bootstrap.ModeKeys, bootstrap.ModeGlobalUser} {
			err := fragmentOf(t, version, mode).check()
			if err == nil || !strings.Contains(err.Error(), version) || !strings.Contains(hint.Of(err), "--irsa") || !strings.Contains(hint.Of(err), "0.2.141") {
				t.Errorf("%s %s: %v (%s)", version, mode, err, hint.Of(err))
			}
		}
		if err := fragmentOf(t, version, bootstrap.ModeIRSA).check(); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
	if fragmentOf(t, "0.1.35", bootstrap.ModeIRSA).check() == nil {
		t.Error("a chart that knows no role was given one")
	}
}

func TestFragmentAPIVersion(t *testing.T) {
	for _, c := range []struct {
		version string
		served  []string
		want    string
	}{
		{"0.3.60", []string{gen3.V1, gen3.V1Beta1}, ""},
		{"0.3.61", []string{gen3.V1, gen3.V1Beta1}, "external-secrets.io/v1"},
		{"0.3.90", []string{gen3.V1Beta1}, "external-secrets.io/v1beta1"},
		{"0.3.90", nil, ""},
	} {
		global, _ := fragmentOf(t, c.version, bootstrap.ModeKeys, c.served...).values()["global"].(map[string]any)
		external, _ := global["externalSecrets"].(map[string]any)
		if got, _ := external["apiVersion"].(string); got != c.want {
			t.Errorf("%s on %v: got %q, want %q", c.version, c.served, got, c.want)
		}
	}
}
