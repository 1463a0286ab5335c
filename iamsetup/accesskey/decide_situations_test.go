package accesskey

import (
	"slices"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	tagA := []string{iamsetup.TagKey + keyA, ownerName}
	tests := map[string]struct {
		view   keyView
		rules  func(*keyRules)
		want   string
		blocks string // what the first refusal must say
	}{
		"nothing there": {
			view: keyView{held: []credential.Held{absent("a"), absent("b")}, proofs: make([]proof, 2)},
			want: "mint, create gen3/a, create gen3/b",
		},
		"up to date": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA), held("b", keyA)}, proofs: []proof{good(), good()}},
			want: "keep " + keyA,
		},
		"a foreign key beside ours stays": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1), active(keyB, 2)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}},
			want: "keep " + keyA,
		},
		"one Secret of two written": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{absent("a"), held("b", keyA)}, proofs: []proof{{}, good()}},
			want: "keep " + keyA + ", create gen3/a",
		},
		"tag lost: used, and no longer ours": {
			view: keyView{user: ourUser(), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}},
			want: "keep " + keyA,
		},
		"tag lost, to be taken over": {
			view:  keyView{user: ourUser(), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}},
			rules: func(r *keyRules) { r.adopt = true },
			want:  "keep " + keyA + ", tag",
		},
		"tag lost, in somebody else's Secret too": {
			view:  keyView{user: ourUser(), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}, holders: map[string][]string{keyA: {held("a", keyA).Name, "other/x"}}},
			rules: func(r *keyRules) { r.adopt = true },
			want:  "keep " + keyA,
		},
		"intent without key, long ago": {
			view: keyView{user: ourUser(announced(ownerName)...), held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, untag",
		},
		"intent without key, a moment ago": {
			view: keyView{user: ourUser(announced(ownerName)...), now: at(31), held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, wait",
		},
		"intent and a key that nobody stored": {
			view: keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, delete first " + keyA + ", untag",
		},
		"intent and a key that was entered and not stored": {
			view: keyView{user: ourUser(append(tagA, announced(ownerName)...)...), now: at(31), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, delete then " + keyA + ", untag",
		},
		"a key that was there before the intent is not touched": {
			view: keyView{user: ourUser(announced(ownerName, keyA)...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, untag",
		},
		"a key made after the deadline is not touched": {
			view: keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{active(keyA, 32)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, untag",
		},
		"a key made before the intent and not noted by it is not touched": {
			view: keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{active(keyA, 29)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, untag",
		},
		"a key made meanwhile that somebody used is in doubt": {
			view:   keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{{ID: keyA, Active: true, Created: at(30), Use: lastUse{At: at(40), Service: "s3"}}}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want:   "mint, create gen3/a, blocked",
			blocks: keyA,
		},
		"two keys made meanwhile are in doubt": {
			view:   keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{active(keyA, 30), active(keyB, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want:   "mint, create gen3/a, blocked",
			blocks: keyA,
		},
		"a key made while another cluster was minting too is in doubt": {
			view:   keyView{user: ourUser(append(announced(ownerName), announced("cluster-2/gen3")...)...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want:   "mint, create gen3/a, blocked",
			blocks: keyA,
		},
		"a mint of another that had seen the key did not make it": {
			view: keyView{user: ourUser(append(announced(ownerName), announced("cluster-2/gen3", keyA)...)...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, delete first " + keyA + ", untag",
		},
		"a key that another owner's tag names is not touched": {
			view: keyView{user: ourUser(append(announced(ownerName), iamsetup.TagKey+keyA, "cluster-2/gen3")...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, untag",
		},
		"an intent on a user without our mark claims nothing": {
			view:  keyView{user: &principal.UserSeen{ARN: testARN, Tags: iamsetup.Tags{announced(ownerName)[0]: announced(ownerName)[1]}}, keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			rules: func(r *keyRules) { r.adopt = true },
			want:  "mint, create gen3/a",
		},
		"an intent that cannot be read claims nothing": {
			view: keyView{user: ourUser(iamsetup.TagMinting+ownerName, "some time"), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, untag",
		},
		"intent whose key is stored and not entered": {
			view: keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{held("a", keyA), absent("b")}, proofs: []proof{good(), {}}},
			want: "keep " + keyA + ", create gen3/b, tag, untag",
		},
		"intent whose key a Secret names without its half": {
			view: keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{edited("a", keyA)}, proofs: []proof{{verdict: mismatched}}},
			want: "mint, update gen3/a, delete first " + keyA + ", untag",
		},
		"intent whose key is stored and may yet work": {
			view: keyView{user: ourUser(announced(ownerName)...), keys: []listedKey{active(keyA, 30)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			want: "mint, update gen3/a, wait",
		},
		"a run that has just ended may have announced what does not show": {
			view: keyView{user: ourUser(), lagging: true, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, wait",
		},
		"a key that works needs no wait": {
			view: keyView{user: ourUser(tagA...), lagging: true, keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}},
			want: "keep " + keyA,
		},
		"key inactive, a moment after another run": {
			view: keyView{user: ourUser(tagA...), lagging: true, keys: []listedKey{{ID: keyA, Created: at(1)}}, held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			want: "mint, update gen3/a, delete then " + keyA + ", wait",
		},
		"a restored namespace gets a key of its own": {
			view: keyView{user: ourUser(iamsetup.TagKey+keyA, "cluster-2/gen3"), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}},
			want: "mint, update gen3/a",
		},
		"a key of another owner beside ours": {
			view: keyView{user: ourUser(append(tagA, iamsetup.TagKey+keyB, "cluster-2/gen3")...), keys: []listedKey{active(keyA, 1), active(keyB, 2)}, held: []credential.Held{held("a", keyA), held("b", keyB)}, proofs: []proof{good(), good()}},
			want: "keep " + keyA + ", update gen3/b",
		},
		"our own key of a user of before": {
			view: keyView{user: ourUser(), elsewhere: map[string]string{keyC: ownerName}, held: []credential.Held{held("a", keyC)}, proofs: []proof{{verdict: accepted, arn: otherARN}}},
			want: "mint, update gen3/a",
		},
		"Secret that is being deleted": {
			view:   keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{going("a", keyA)}, proofs: []proof{good()}},
			want:   "keep " + keyA + ", blocked",
			blocks: "being deleted",
		},
		"Secret with a key that IAM does not know": {
			view: keyView{user: ourUser(tagA...), held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			want: "mint, update gen3/a",
		},
		"Secret with a key so young that IAM may not know it yet": {
			view: keyView{user: ourUser(tagA...), now: at(0), held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			want: "mint, update gen3/a, wait",
		},
		"key that the list lacks and STS knows": {
			view: keyView{user: ourUser(tagA...), held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}},
			want: "keep " + keyA,
		},
		"key that is listed and refused": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			want: "mint, update gen3/a, wait",
		},
		"key that is listed and refused for good": {
			view:   keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			rules:  func(r *keyRules) { r.settled = true },
			want:   "mint, update gen3/a, delete then " + keyA + ", blocked",
			blocks: "STS refuses it",
		},
		"key inactive": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{{ID: keyA, Created: at(1)}}, held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			want: "mint, update gen3/a, delete then " + keyA,
		},
		"key inactive and no slot free": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{{ID: keyA, Created: at(1)}, active(keyB, 2)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{{verdict: refused}}},
			want: "mint, update gen3/a, delete first " + keyA,
		},
		"secret half edited by hand": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{edited("a", keyA), held("b", keyA)}, proofs: []proof{{verdict: mismatched}, good()}},
			want: "keep " + keyA + ", update gen3/a",
		},
		"Secret with a key of another user": {
			view:   keyView{user: ourUser(), held: []credential.Held{held("a", keyC)}, proofs: []proof{{verdict: accepted, arn: otherARN}}},
			want:   "mint, blocked",
			blocks: otherARN,
		},
		"two Secrets with keys that work, one known to be ours": {
			view:   keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1), active(keyB, 2)}, held: []credential.Held{held("a", keyA), held("b", keyB)}, proofs: []proof{good(), good()}},
			want:   "keep " + keyA + ", blocked",
			blocks: keyB,
		},
		"two keys of ours, a rotation cut off": {
			view: keyView{user: ourUser(iamsetup.TagKey+keyA, ownerName, iamsetup.TagKey+keyB, ownerName), keys: []listedKey{active(keyA, 1), active(keyB, 2)}, held: []credential.Held{held("a", keyB), held("b", keyA)}, proofs: []proof{good(), good()}},
			want: "keep " + keyB + ", update gen3/b, delete then " + keyA,
		},
		"both slots taken by others": {
			view:   keyView{user: ourUser(iamsetup.TagKey+keyA, "cluster-2/gen3"), keys: []listedKey{active(keyA, 1), active(keyB, 2)}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want:   "mint, create gen3/a, blocked",
			blocks: "held by cluster-2/gen3",
		},
		"foreign user": {
			view:   keyView{user: &principal.UserSeen{ARN: testARN, Tags: iamsetup.Tags{}}, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want:   "mint, create gen3/a, blocked",
			blocks: "was not made by gen3-bootstrap",
		},
		"foreign user with a key that works in the Secrets": {
			view: keyView{user: &principal.UserSeen{ARN: testARN, Tags: iamsetup.Tags{}}, keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}},
			want: "keep " + keyA,
		},
		"a run that has just ended and a user that does not show": {
			view: keyView{lagging: true, held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, wait",
		},
		"a key that works of a user that does not show": {
			view: keyView{held: []credential.Held{held("a", keyA)}, proofs: []proof{good()}, elsewhere: map[string]string{keyA: ownerName}},
			want: "mint, update gen3/a, wait",
		},
		"other names for the Secrets": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{absent("a"), spare("b", keyA)}, proofs: []proof{{}, good()}},
			want: "keep " + keyA + ", create gen3/a",
		},
		"a key of ours that works in a Secret of earlier": {
			view: keyView{user: ourUser(iamsetup.TagKey+keyA, ownerName, iamsetup.TagKey+keyB, ownerName), keys: []listedKey{active(keyA, 1), active(keyB, 2)}, held: []credential.Held{held("a", keyB), spare("b", keyA)}, proofs: []proof{good(), good()}},
			want: "keep " + keyB,
		},
		"a dead key in a Secret of earlier": {
			view: keyView{user: ourUser(tagA...), keys: []listedKey{{ID: keyA, Created: at(1)}}, held: []credential.Held{absent("a"), spare("b", keyA)}, proofs: []proof{{}, {verdict: refused}}},
			want: "mint, create gen3/a, delete then " + keyA,
		},
		"a key that somebody else's Secret holds too is used and not entered": {
			view: keyView{user: ourUser(), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA), foreign("b", keyA)}, proofs: []proof{good(), good()}},
			want: "keep " + keyA,
		},
		"Secret of somebody else": {
			view:   keyView{user: ourUser(), held: []credential.Held{foreign("a", "")}, proofs: make([]proof, 1)},
			want:   "mint, blocked",
			blocks: "was not made by gen3-bootstrap",
		},
		"Secret of somebody else, to be taken over": {
			view:  keyView{user: ourUser(), held: []credential.Held{foreign("a", "")}, proofs: make([]proof, 1)},
			rules: func(r *keyRules) { r.adopt = true },
			want:  "mint, adopt gen3/a",
		},
		"Secret that somebody keeps writing is not taken over": {
			view:   keyView{user: ourUser(), held: []credential.Held{kept("a")}, proofs: make([]proof, 1)},
			rules:  func(r *keyRules) { r.adopt = true },
			want:   "mint, blocked",
			blocks: "Helm release gen3 writes it",
		},
		"Secret that must change and cannot": {
			view:   keyView{user: ourUser(), held: []credential.Held{immutable("a")}, proofs: make([]proof, 1)},
			want:   "mint, blocked",
			blocks: "is immutable",
		},
		"another's mint under way": {
			view: keyView{user: ourUser(announced("cluster-2/gen3")...), now: at(30), held: []credential.Held{absent("a")}, proofs: make([]proof, 1)},
			want: "mint, create gen3/a, wait",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.view.now.IsZero() {
				tt.view.now = at(50)
			}
			rules := testRules()
			if tt.rules != nil {
				tt.rules(&rules)
			}
			got := decide(tt.view, rules)
			if words := strings.Join(got.words(), ", "); words != tt.want {
				t.Errorf("decided %q, want %q", words, tt.want)
			}
			if tt.blocks != "" && !slices.ContainsFunc(got.blocks, func(c plan.Change) bool { return strings.Contains(c.Reason, tt.blocks) && c.Hint != "" }) {
				t.Errorf("no refusal says %q with a hint: %+v", tt.blocks, got.blocks)
			}
		})
	}
}
