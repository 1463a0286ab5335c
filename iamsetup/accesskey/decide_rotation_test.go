package accesskey

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// rotating is a user of ours with two keys of ours, the older of which another run was replacing since 12:30.
func rotating(idle time.Time, grace time.Duration) *principal.UserSeen {
	u := ourUser(iamsetup.TagKey+keyA, ownerName, iamsetup.TagKey+keyB, ownerName)
	maps.Copy(u.Tags, replacement{id: keyA, since: at(30), grace: grace, idle: idle}.tags(testRules().owner))
	return u
}

// rotatingUntagged is rotating where only the tag of the rotation names the old key.
func rotatingUntagged() iamsetup.Tags {
	tags := rotating(time.Time{}, 0).Tags
	delete(tags, iamsetup.TagKey+keyA)
	return tags
}

// elsewhere is a copy of the old key in another namespace.
func elsewhere(name string) credential.Held {
	h := foreign(name, keyA)
	h.Name = "other/" + name
	return h
}

// rotationWords tell what comes of the key that is replaced.
func (d decision) rotationWords() string {
	words := d.words()
	if d.old != nil {
		words = append(words, "replace "+d.old.ID)
	}
	if d.replaced != nil {
		word := "end "
		if wait := d.due(); wait != "" {
			word = "leave "
		}
		words = append(words, word+d.replaced.id)
	}
	if d.unreplace != "" {
		words = append(words, "unreplace")
	}
	if d.young {
		words = append(words, "young")
	}
	return strings.Join(words, ", ")
}

// TestDecideRotation has a row for each state in which a rotation can be found, for up as well as for rotate.
func TestDecideRotation(t *testing.T) {
	t.Parallel()
	rotate := func(r *keyRules) { r.rotation = &Rotation{} }
	up := func(*keyRules) {}
	tagA := []string{iamsetup.TagKey + keyA, ownerName}
	both := []listedKey{active(keyA, 1), active(keyB, 30)}
	inactive := []listedKey{{ID: keyA, Created: at(1), Use: lastUse{At: at(29), Service: "secretsmanager"}}, active(keyB, 30)}
	swapped := []credential.Held{held("a", keyB), held("b", keyB)}
	proved := []proof{good(), good()}
	fence := []credential.Reader{{Name: plan.In("deployment", "gen3", "fence"), Restarts: true}}
	tests := map[string]struct {
		view   keyView
		rules  func(*keyRules)
		want   string
		blocks string
	}{
		"a key of ours": {
			view:  keyView{user: ourUser(tagA...), keys: both[:1], held: []credential.Held{held("a", keyA), held("b", keyA)}, proofs: proved},
			rules: rotate, want: "mint, update gen3/a, update gen3/b, replace " + keyA,
		},
		"no key in any Secret": {
			view:  keyView{user: ourUser(tagA...), keys: both[:1], held: swapped[:0], proofs: nil},
			rules: rotate, want: "mint, delete then " + keyA + ", blocked", blocks: "none to replace",
		},
		"younger than asked for": {
			view:  keyView{user: ourUser(tagA...), keys: both[:1], held: []credential.Held{held("a", keyA)}, proofs: proved[:1]},
			rules: func(r *keyRules) { r.rotation = &Rotation{OlderThan: time.Hour} }, want: "keep " + keyA + ", young",
		},
		"a key that no tag names": {
			view:  keyView{user: ourUser(), keys: both[:1], held: []credential.Held{held("a", keyA)}, proofs: proved[:1]},
			rules: rotate, want: "keep " + keyA + ", blocked", blocks: "was not made by gen3-bootstrap for this namespace",
		},
		"a key that no tag names, taken over": {
			view:  keyView{user: ourUser(), keys: both[:1], held: []credential.Held{held("a", keyA)}, proofs: proved[:1]},
			rules: func(r *keyRules) { rotate(r); r.adopt = true }, want: "mint, update gen3/a, replace " + keyA,
		},
		"a user that nobody took over": {
			view:  keyView{user: &principal.UserSeen{ARN: testARN, Tags: iamsetup.Tags{}}, keys: both[:1], held: []credential.Held{held("a", keyA)}, proofs: proved[:1]},
			rules: func(r *keyRules) { rotate(r); r.adopt = true }, want: "keep " + keyA + ", tag, blocked", blocks: "user " + testARN + " was not made by gen3-bootstrap",
		},
		"a copy in another namespace": {
			view:  keyView{user: ourUser(tagA...), keys: both[:1], held: []credential.Held{held("a", keyA), elsewhere("x")}, proofs: proved},
			rules: rotate, want: "mint, update gen3/a, blocked, replace " + keyA, blocks: "Secret other/x was not made by gen3-bootstrap",
		},
		"a key that may not read": {
			view:  keyView{user: ourUser(tagA...), keys: both[:1], held: []credential.Held{held("a", keyA)}, proofs: proved[:1], denied: "it is denied"},
			rules: rotate, want: "mint, update gen3/a, blocked, replace " + keyA, blocks: "it is denied",
		},
		"another owner's key in the second slot": {
			view:  keyView{user: ourUser(append(tagA, iamsetup.TagKey+keyB, "cluster-2/gen3")...), keys: both, held: []credential.Held{held("a", keyA)}, proofs: proved[:1]},
			rules: rotate, want: "mint, update gen3/a, blocked, replace " + keyA, blocks: "held by cluster-2/gen3",
		},
		"killed before a Secret got the new key": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: []credential.Held{held("a", keyA), held("b", keyA)}, proofs: proved},
			rules: up, want: "keep " + keyA + ", delete then " + keyB + ", unreplace",
		},
		"killed before the second Secret got it": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: []credential.Held{held("a", keyB), held("b", keyA)}, proofs: proved},
			rules: up, want: "keep " + keyB + ", update gen3/b, end " + keyA,
		},
		"killed once all have it": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: swapped, proofs: proved},
			rules: up, want: "keep " + keyB + ", end " + keyA,
		},
		"the same, found by rotate: no third key": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: swapped, proofs: proved},
			rules: rotate, want: "keep " + keyB + ", end " + keyA,
		},
		"pods still read the old one": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: swapped, proofs: proved, stale: fence},
			rules: up, want: "keep " + keyB + ", leave " + keyA,
		},
		"pods still read the old one, and are restarted": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: swapped, proofs: proved, stale: fence},
			rules: func(r *keyRules) { r.rotation = &Rotation{Restart: true} }, want: "keep " + keyB + ", end " + keyA,
		},
		"inactive, and its grace is over": {
			view:  keyView{user: rotating(at(31), time.Minute), keys: inactive, held: swapped, proofs: proved},
			rules: up, want: "keep " + keyB + ", end " + keyA,
		},
		"inactive, and its grace outlasts the run": {
			view:  keyView{user: rotating(at(31), time.Hour), keys: inactive, held: swapped, proofs: proved},
			rules: func(r *keyRules) { r.deadline = at(55) }, want: "keep " + keyB + ", leave " + keyA,
		},
		"inactive, and its grace ends within the run": {
			view:  keyView{user: rotating(at(31), 20*time.Minute), keys: inactive, held: swapped, proofs: proved},
			rules: func(r *keyRules) { r.deadline = at(55) }, want: "keep " + keyB + ", end " + keyA,
		},
		"inactive, and used since": {
			view: keyView{user: rotating(at(31), 0), held: swapped, proofs: proved, keys: []listedKey{
				{ID: keyA, Created: at(1), Use: lastUse{At: at(40), Service: "s3"}}, active(keyB, 30),
			}},
			rules: up, want: "keep " + keyB + ", leave " + keyA,
		},
		"inactive, and last used just before, as a clock that lags has it": {
			view: keyView{user: rotating(at(31), 0), held: swapped, proofs: proved, keys: []listedKey{
				{ID: keyA, Created: at(1), Use: lastUse{At: at(31).Add(clockError), Service: "secretsmanager"}}, active(keyB, 30),
			}},
			rules: up, want: "keep " + keyB + ", end " + keyA,
		},
		"a key that no tag names, killed before the second Secret got the new one": {
			view: keyView{
				user: &principal.UserSeen{ARN: testARN, Tags: rotatingUntagged()}, keys: both, held: []credential.Held{held("a", keyB), held("b", keyA)}, proofs: proved,
			},
			rules: up, want: "keep " + keyB + ", update gen3/b, end " + keyA,
		},
		"another namespace still holds it": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: []credential.Held{held("a", keyB), elsewhere("x")}, proofs: proved},
			rules: up, want: "keep " + keyB + ", leave " + keyA,
		},
		"another namespace still holds it, and rotate may not write there": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: []credential.Held{held("a", keyB), elsewhere("x")}, proofs: proved},
			rules: rotate, want: "keep " + keyB + ", blocked, end " + keyA, blocks: "Secret other/x was not made by gen3-bootstrap",
		},
		"another namespace still holds it, and rotate may": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: []credential.Held{held("a", keyB), elsewhere("x")}, proofs: proved},
			rules: func(r *keyRules) { rotate(r); r.adopt = true }, want: "keep " + keyB + ", adopt other/x, end " + keyA,
		},
		"another namespace has only its id": {
			view:  keyView{user: rotating(time.Time{}, 0), keys: both, held: []credential.Held{held("a", keyB), elsewhere("x")}, proofs: []proof{good(), {verdict: mismatched}}},
			rules: up, want: "keep " + keyB + ", end " + keyA,
		},
		"inactive once, and made active again": {
			view:  keyView{user: rotating(at(31), time.Hour), keys: both, held: swapped, proofs: proved, stale: fence},
			rules: up, want: "keep " + keyB + ", leave " + keyA,
		},
		"deleted, and still announced": {
			view:  keyView{user: rotating(at(31), 0), keys: both[1:], held: swapped, proofs: proved},
			rules: up, want: "keep " + keyB + ", unreplace",
		},
		"deleted, as far as lists that lag tell": {
			view:  keyView{user: rotating(at(31), 0), keys: both[1:], held: swapped, proofs: proved, lagging: true},
			rules: up, want: "keep " + keyB + ", end " + keyA,
		},
		"an announcement that may not show yet": {
			view:  keyView{user: ourUser(append(tagA, iamsetup.TagKey+keyB, ownerName)...), keys: both, held: swapped, proofs: proved, lagging: true},
			rules: up, want: "keep " + keyB + ", delete then " + keyA + ", wait",
		},
		"an announcement that somebody edited": {
			view:  keyView{user: ourUser(append(tagA, iamsetup.TagKey+keyB, ownerName, iamsetup.TagReplacing+ownerName, "what")...), keys: both, held: swapped, proofs: proved},
			rules: up, want: "keep " + keyB + ", delete then " + keyA + ", unreplace",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.view.now.IsZero() {
				tt.view.now = at(50)
			}
			rules := testRules()
			tt.rules(&rules)
			d := decision{v: tt.view, r: rules, keyPlan: decide(tt.view, rules)}
			if got := d.rotationWords(); got != tt.want {
				t.Errorf("decided %q, want %q", got, tt.want)
			}
			if tt.blocks != "" && !slices.ContainsFunc(d.blocks, func(c plan.Change) bool { return strings.Contains(c.Reason, tt.blocks) && c.Hint != "" }) {
				t.Errorf("no refusal says %q with a hint: %+v", tt.blocks, d.blocks)
			}
		})
	}
}

// TestReadersOfAForgedCopyDoNotCount: else anybody could keep a key from its end, with its id in a Secret and a pod.
func TestReadersOfAForgedCopyDoNotCount(t *testing.T) {
	t.Parallel()
	k := &Up{Owner: testRules().owner}
	k.view.held = []credential.Held{held("a", keyB), absent("b"), elsewhere("forged"), elsewhere("true"), spare("s", keyB)}
	k.view.proofs = []proof{good(), {}, {verdict: mismatched}, good(), good()}
	if got := strings.Join(k.secretNames(), " "); got != "gen3/a gen3/b other/true" {
		t.Errorf("readers are looked for of %s", got)
	}
}
