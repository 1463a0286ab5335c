package bootstrap

import "testing"

func TestGen3Chart(t *testing.T) {
	for version, want := range map[string]struct {
		keys, role, chooses bool
		api, local          string
	}{
		"0.1.22":      {true, false, false, apiV1Beta1, "dbCreate"},
		"0.1.36":      {true, true, false, apiV1Beta1, "dbCreate"},
		"0.1.68":      {true, true, false, apiV1Beta1, "dbCreate"},
		"0.1.69":      {false, true, false, apiV1Beta1, "dbCreate"},
		"0.2.86":      {false, true, false, apiV1Beta1, "dbCreate"},
		"0.2.87":      {false, true, false, apiV1Beta1, "createLocalK8sSecret"},
		"0.2.140":     {false, true, false, apiV1Beta1, "createLocalK8sSecret"},
		"0.2.141":     {true, true, false, apiV1Beta1, "createLocalK8sSecret"},
		"0.3.60":      {true, true, false, apiV1Beta1, "createLocalK8sSecret"},
		"0.3.61":      {true, true, true, apiV1Beta1, "createLocalK8sSecret"},
		"0.3.85":      {true, true, true, apiV1Beta1, "createLocalK8sSecret"},
		"0.3.86":      {true, true, true, apiV1, "createLocalK8sSecret"},
		NewestGen3:    {true, true, true, apiV1, "createLocalK8sSecret"},
		"v0.4.0":      {true, true, true, apiV1, "createLocalK8sSecret"},
		"0.0.0":       {true, true, true, apiV1, "createLocalK8sSecret"},
		"0.3.90+site": {true, true, true, apiV1, "createLocalK8sSecret"},
	} {
		g, err := parseGen3(version)
		if err != nil {
			t.Fatal(err)
		}
		if g.takesKeys() != want.keys || g.takesRole() != want.role || g.choosesAPI() != want.chooses || g.api() != want.api ||
			g.localSecretsValue() != "global.externalSecrets."+want.local {
			t.Errorf("%s: keys %v, role %v, chooses %v, api %s, %s", version, g.takesKeys(), g.takesRole(), g.choosesAPI(), g.api(), g.localSecretsValue())
		}
	}
	if _, err := parseGen3("newest"); err == nil {
		t.Error("what is no version was taken for one")
	}
}

func TestGen3ChartChoosesWhatIsServed(t *testing.T) {
	both, old, young := []string{apiV1, apiV1Beta1}, []string{apiV1Beta1}, []string{apiV1}
	for _, c := range []struct {
		version string
		served  []string
		chosen  string
		misfit  bool
	}{
		{"0.3.60", both, "", false},
		{"0.3.60", young, "", true},
		{"0.3.85", both, apiV1, false},
		{"0.3.85", young, apiV1, true},
		{"0.3.85", old, apiV1Beta1, false},
		{"0.3.90", old, apiV1Beta1, true},
		{"0.3.90", young, apiV1, false},
		{"0.3.90", nil, "", false},
	} {
		g, err := parseGen3(c.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.apiFor(c.served); got != c.chosen {
			t.Errorf("%s on %v: chose %q, want %q", c.version, c.served, got, c.chosen)
		}
		if got := g.misfit(c.served); (got != "") != c.misfit {
			t.Errorf("%s on %v: %q", c.version, c.served, got)
		}
	}
}
