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

func TestWantsJSON(t *testing.T) {
	for args, want := range map[string]bool{
		"up":                          false,
		"up -o json --nonsense":       true,
		"up --nonsense --output=json": true,
		"up stray -output json":       true,
		"up -o json -o text":          false,
		"up -o":                       false,
		"up --context -o":             false,
	} {
		if got := wantsJSON(strings.Fields(args), func(string) string { return "" }); got != want {
			t.Errorf("%q: got %v", args, got)
		}
	}
	if !wantsJSON(nil, func(string) string { return "json" }) {
		t.Error("the environment asks for it")
	}
}
