package words

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"fence-config", "demo-wts-g3auto", "indexd-creds", "x"}
	for name, want := range map[string]string{
		"fence-confg": "fence-config", "Fence-Config": "fence-config", "wts-g3auto": "demo-wts-g3auto", "demo-indexd-creds": "indexd-creds",
		"stata-workspace-gen3-license": "", "y": "x", "": "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
