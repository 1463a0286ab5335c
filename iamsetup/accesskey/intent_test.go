package accesskey

import (
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// TestIntentReadByHalfClaimsNothing: an announcement that somebody edited has both of its times or none.
func TestIntentReadByHalfClaimsNothing(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"empty":           "",
		"one word":        "2026-01-01T00:00:00Z",
		"no start":        "x 2030-01-01T00:00:00Z",
		"no deadline":     "2020-01-01T00:00:00Z x",
		"ids in between":  "2020-01-01T00:00:00Z " + keyA + " 2030-01-01T00:00:00Z",
		"another writing": "1577836800 1893456000",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := intentsOf(iamsetup.Tags{iamsetup.TagMinting + ownerName: value})
			if len(all) != 1 || all[0].owner != ownerName || all[0].mayHaveMade(active(keyB, 30)) {
				t.Errorf("%q reads as %+v", value, all)
			}
		})
	}
}
