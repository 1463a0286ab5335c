package gen3

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
)

func TestGen3Misfit(t *testing.T) {
	both, old, young := []string{V1, V1Beta1}, []string{V1Beta1}, []string{V1}
	for name, c := range map[string]struct {
		version string
		found   *Release
		served  []string
		want    []string // nothing: no warning
	}{
		"nothing is known of the cluster":  {served: nil},
		"both are served":                  {version: "0.3.60", served: both},
		"the newest known on an old CRD":   {served: old, want: []string{Newest + ", the newest known", "external-secrets.io/v1 unless", "serve external-secrets.io/v1beta1"}},
		"the newest known on a young CRD":  {served: young},
		"an old one on a young CRD":        {version: "0.3.60", served: young, want: []string{"gen3 chart 0.3.60 uses external-secrets.io/v1beta1 only", "the CRDs serve external-secrets.io/v1"}},
		"one with a choice on a young CRD": {version: "0.3.85", served: young, want: []string{"0.3.85", "global.externalSecrets.apiVersion"}},
		"an installed one that fits":       {found: &Release{Name: "commons", Version: "0.3.90", APIs: young}, served: young},
		"an installed one with old leftovers": {
			found: &Release{Name: "commons", Version: "0.3.90", APIs: both}, served: young,
			want: []string{"release commons of gen3 chart 0.3.90 uses external-secrets.io/v1beta1", "ohdsi-webapi", "chart external-secrets 0.16.2 serves both"},
		},
		"an installed one without stores":       {found: &Release{Name: "commons", Version: "0.3.90"}, served: young},
		"an installed one, and a version given": {version: "0.3.90", found: &Release{Name: "commons", Version: "0.3.60", APIs: old}, served: young},
		"an installed one that is too young":    {found: &Release{Name: "commons", Version: "0.3.90", APIs: young}, served: old, want: []string{"global.externalSecrets.apiVersion"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Misfit(c.version, c.found, c.served, "the CRDs")
			if (got == "") != (len(c.want) == 0) {
				t.Errorf("got %q", got)
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no word of %q in %q", want, got)
				}
			}
		})
	}
}

func TestGen3NamesCrossplanesRole(t *testing.T) {
	t.Parallel()
	found := &Release{Name: "commons", Version: "0.3.90", Crossplane: true}
	if got := ValuesInTheWay("", found, true); len(got) != 1 || !strings.Contains(got[0], "release commons has global.crossplane.enabled") {
		t.Errorf("with a role: %q", got)
	}
	if got := append(ValuesInTheWay("", found, false), ValuesInTheWay("", nil, true)...); len(got) > 0 {
		t.Errorf("without a role, and without a release: %q", got)
	}
}

func TestGen3Pushes(t *testing.T) {
	t.Parallel()
	on := func(value any) map[string]any {
		return map[string]any{"externalSecrets": map[string]any{"pushSecret": value}}
	}
	for name, c := range map[string]struct {
		values   map[string]any
		manifest string
		want     string // "" for no warning
	}{
		"all charts":           {map[string]any{"global": on(true)}, "", "has global.externalSecrets.pushSecret, and"},
		"two of them":          {map[string]any{"fence": on(true), "wts": on("false"), "indexd": on(false)}, "", "has fence.externalSecrets.pushSecret, wts.externalSecrets.pushSecret, and"},
		"what nobody reads":    {map[string]any{"global": map[string]any{"aws": on(true)}}, "", ""},
		"an object of its own": {nil, gen3Manifest, "has PushSecrets, and"},
		"nothing":              {map[string]any{"global": "?"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _ := useOf(&stored.Record{Name: "commons", Config: c.values, Manifest: c.manifest})
			if got := PushesInVain(found); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
	found, _ := useOf(&stored.Record{Name: "commons", Config: map[string]any{"global": map[string]any{"externalSecrets": map[string]any{"clusterSecretStoreRef": "shared"}}}})
	if got := StoreMissing(found); !strings.Contains(got, "names ClusterSecretStore shared in its values") || PushesInVain(nil) != "" {
		t.Errorf("got %q", got)
	}
}

func TestGen3WithoutCredentials(t *testing.T) {
	t.Parallel()
	release := func(version string, local bool) *Release {
		return &Release{Name: "commons", Version: version, LocalSecret: local}
	}
	for name, c := range map[string]struct {
		version string // given
		found   *Release
		warned  bool
	}{
		"none is installed":                 {},
		"not switched on":                   {found: release("0.3.90", false)},
		"switched on where it works":        {found: release("0.1.68", true)},
		"switched on":                       {found: release("0.1.69", true), warned: true},
		"switched on, before an upgrade":    {version: "0.3.90", found: release("0.1.68", true), warned: true},
		"switched on, and keys can be read": {found: release("0.3.90", true), warned: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := withoutCredentials(c.version, c.found)
			if (got != "") != c.warned || c.warned && !strings.Contains(got, "release commons has global.aws.useLocalSecret.enabled") {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestAnInstalledChartThatIsNoVersion: what stands in a Secret of the namespace is no mistake in a flag.
func TestAnInstalledChartThatIsNoVersion(t *testing.T) {
	for version, unknown := range map[string]bool{"0.3.60": false, "v1": false, "": true, "newest": true, "0.3.60\n": true, "1.2.3.4": true} {
		found := &Release{Name: "commons", Version: version, LocalSecret: true}
		got := strings.Join(ValuesInTheWay("", found, false), "\n")
		if strings.Contains(got, "no version") || strings.Contains(got, "useLocalSecret") == unknown { // the search for the release says what is no version
			t.Errorf("%q: %s", version, got)
		}
		if given := strings.Join(ValuesInTheWay("0.3.90", found, false), "\n"); strings.Contains(given, "is no version") || !strings.Contains(given, "useLocalSecret") {
			t.Errorf("%q, and a version is given: %s", version, given)
		}
		if (Installed(found) == "") != unknown {
			t.Errorf("%q is known as %q", version, Installed(found))
		}
	}
}
