package iamsetup

import "testing"

func TestFate(t *testing.T) {
	t.Parallel()
	own, other := TagOwner+"c1/gen3", TagOwner+"c2/gen3"
	for name, test := range map[string]struct {
		tags   Tags
		fate   Fate
		tagged Fate // where only what carries the owner's tag counts
	}{
		"no mark":        {Tags{own: ""}, FateForeign, FateForeign},
		"ours alone":     {Tags{TagManagedBy: ManagedBy, own: ""}, FateLast, FateLast},
		"ours and other": {Tags{TagManagedBy: ManagedBy, own: "", other: ""}, FateShared, FateShared},
		"other":          {Tags{TagManagedBy: ManagedBy, other: ""}, FateOthers, FateOthers},
		"nobody":         {Tags{TagManagedBy: ManagedBy}, FateLast, FateOthers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Removal{Owner: Owner{Cluster: "c1", Namespace: "gen3"}}
			if got := r.fateOf(test.tags); got != test.fate {
				t.Errorf("got %d, want %d", got, test.fate)
			}
			r.TaggedOnly = true
			if got := r.fateOf(test.tags); got != test.tagged {
				t.Errorf("tagged only: got %d, want %d", got, test.tagged)
			}
		})
	}
}
