package gen3

import "testing"

func TestGen3Chart(t *testing.T) {
	for version, want := range map[string]struct {
		keys, role, chooses bool
		api, local          string
	}{
		"0.1.22":      {true, false, false, V1Beta1, "dbCreate"},
		"0.1.36":      {true, true, false, V1Beta1, "dbCreate"},
		"0.1.68":      {true, true, false, V1Beta1, "dbCreate"},
		"0.1.69":      {false, true, false, V1Beta1, "dbCreate"},
		"0.2.86":      {false, true, false, V1Beta1, "dbCreate"},
		"0.2.87":      {false, true, false, V1Beta1, "createLocalK8sSecret"},
		"0.2.140":     {false, true, false, V1Beta1, "createLocalK8sSecret"},
		"0.2.141":     {true, true, false, V1Beta1, "createLocalK8sSecret"},
		"0.3.60":      {true, true, false, V1Beta1, "createLocalK8sSecret"},
		"0.3.61":      {true, true, true, V1Beta1, "createLocalK8sSecret"},
		"0.3.85":      {true, true, true, V1Beta1, "createLocalK8sSecret"},
		"0.3.86":      {true, true, true, V1, "createLocalK8sSecret"},
		Newest:        {true, true, true, V1, "createLocalK8sSecret"},
		"v0.4.0":      {true, true, true, V1, "createLocalK8sSecret"},
		"0.0.0":       {true, true, true, V1, "createLocalK8sSecret"},
		"0.3.90+site": {true, true, true, V1, "createLocalK8sSecret"},
	} {
		g, err := Parse(version)
		if err != nil {
			t.Fatal(err)
		}
		if g.TakesKeys() != want.keys || g.TakesRole() != want.role || g.ChoosesAPI() != want.chooses || g.API() != want.api ||
			g.LocalSecretsValue() != "global.externalSecrets."+want.local {
			t.Errorf("%s: keys %v, role %v, chooses %v, api %s, %s", version, g.TakesKeys(), g.TakesRole(), g.ChoosesAPI(), g.API(), g.LocalSecretsValue())
		}
	}
	if _, err := Parse("newest"); err == nil {
		t.Error("what is no version was taken for one")
	}
}

func TestGen3ChartChoosesWhatIsServed(t *testing.T) {
	both, old, young := []string{V1, V1Beta1}, []string{V1Beta1}, []string{V1}
	for _, c := range []struct {
		version string
		served  []string
		chosen  string
		misfit  bool
	}{
		{"0.3.60", both, "", false},
		{"0.3.60", young, "", true},
		{"0.3.85", both, V1, false},
		{"0.3.85", young, V1, true},
		{"0.3.85", old, V1Beta1, false},
		{"0.3.90", old, V1Beta1, true},
		{"0.3.90", young, V1, false},
		{"0.3.90", nil, "", false},
	} {
		g, err := Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.APIFor(c.served); got != c.chosen {
			t.Errorf("%s on %v: chose %q, want %q", c.version, c.served, got, c.chosen)
		}
		if got := g.Misfit(c.served); (got != "") != c.misfit {
			t.Errorf("%s on %v: %q", c.version, c.served, got)
		}
	}
}
