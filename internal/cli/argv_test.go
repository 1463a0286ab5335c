package cli

import (
	"strings"
	"testing"
)

func TestHoist(t *testing.T) {
	for given, want := range map[string]string{
		"p":                                  "p",
		"p up":                               "p up",
		"p up --region r":                    "p up --region r",
		"p --region r up -n x":               "p up --region r -n x",
		"p --region=r -y -o json plan":       "p plan --region=r -y -o json",
		"p --dry-run up":                     "p up --dry-run",
		"p --help up":                        "p up --help",
		"p --no-such r up":                   "p --no-such r up",
		"p --region r":                       "p --region r",
		"p --region":                         "p --region",
		"p -- up":                            "p -- up",
		"p --timeout 1m nonsense --region r": "p nonsense --timeout 1m --region r",
	} {
		if got := strings.Join(hoist(strings.Fields(given)), " "); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestSeparated(t *testing.T) {
	for given, want := range map[string]string{
		"p up -ojson -ngen3":      "p up -o json -n gen3",
		"p up -qy":                "p up -q -y",
		"p up -qojson":            "p up -q -o json",
		"p up -o=json":            "p up -o=json",
		"p up -output json":       "p up -output json",
		"p up -fvalues.yaml":      "p up -f values.yaml",
		"p up --namespace -ngen3": "p up --namespace -ngen3", // a value
		"p up -xyz":               "p up -xyz",
		"p up - x":                "p up - x",
	} {
		if got := strings.Join(separated(strings.Fields(given)), " "); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestWantedOutput(t *testing.T) {
	for args, want := range map[string]string{
		"up":                          "",
		"up -o json --nonsense":       "json",
		"up --nonsense --output=yaml": "yaml",
		"up stray -output json":       "json",
		"up -o json -o text":          "text",
		"up -o":                       "",
		"up --context -o":             "",
	} {
		if got := wantedOutput(strings.Fields(args), func(string) string { return "" }); got != want {
			t.Errorf("%q: got %q", args, got)
		}
	}
	if wantedOutput(nil, func(string) string { return "json" }) != "json" {
		t.Error("the environment asks for it")
	}
}
