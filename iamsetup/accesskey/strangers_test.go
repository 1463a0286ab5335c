package accesskey

import (
	"slices"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// TestStrangers: what is not ours goes only when it was agreed to, nobody uses it, and no run can be storing it.
func TestStrangers(t *testing.T) {
	t.Parallel()
	minting := intent{owner: "cluster-2/gen3", started: at(49), deadline: at(51)}.tags()
	old := active(keyB, 1)
	for name, test := range map[string]struct {
		key    listedKey
		tags   []string
		change func(*keyView, *keyRules)
		goes   bool
	}{
		"unused":             {key: old, goes: true},
		"used":               {key: listedKey{ID: keyB, Active: true, Created: at(1), Use: lastUse{At: at(2), Service: "s3"}}},
		"another is agreed":  {key: old, change: func(_ *keyView, r *keyRules) { r.agreed = []string{keyC} }},
		"not adopted":        {key: old, change: func(_ *keyView, r *keyRules) { r.adopt = false }},
		"in a Secret":        {key: old, change: func(v *keyView, _ *keyRules) { v.holders = map[string][]string{keyB: {"x/y"}} }},
		"Secrets not read":   {key: old, change: func(v *keyView, _ *keyRules) { v.searched = false }},
		"a minute old":       {key: active(keyB, 49)},
		"another is minting": {key: old, tags: []string{iamsetup.TagMinting + "cluster-2/gen3", minting[iamsetup.TagMinting+"cluster-2/gen3"]}},
		"another's":          {key: old, tags: []string{iamsetup.TagKey + keyB, "cluster-2/gen3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := keyView{
				user: ourUser(append(test.tags, iamsetup.TagKey+keyA, ownerName)...), keys: []listedKey{active(keyA, 1), test.key}, now: at(50), searched: true,
				held: []credential.Held{held("a", keyA)}, proofs: []proof{good()},
			}
			r := testRules()
			r.adopt, r.agreed, r.mint = true, []string{keyB}, time.Minute
			if test.change != nil {
				test.change(&v, &r)
			}
			got := decide(v, r)
			if goes := slices.ContainsFunc(got.after, func(x doomed) bool { return x.id == keyB }); goes != test.goes || len(got.before) > 0 {
				t.Errorf("deleted %v, %v", got.before, got.after)
			}
		})
	}
}
