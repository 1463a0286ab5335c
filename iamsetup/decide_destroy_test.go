package iamsetup

import (
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// words is what becomes of the keys, for the table.
func (e keyEnds) words() string {
	var out []string
	for _, x := range e.doomed {
		out = append(out, "delete "+x.id)
	}
	for _, x := range e.stay {
		out = append(out, "leave "+x.id)
	}
	for _, c := range e.blocks {
		out = append(out, "blocked "+strings.TrimPrefix(c.Resource, "access-key/"))
	}
	if len(e.untag) > 0 {
		out = append(out, "untag "+strings.Join(e.untag, " "))
	}
	if e.settle != "" {
		out = append(out, "wait")
	}
	return strings.Join(out, ", ")
}

func TestEndKeys(t *testing.T) {
	t.Parallel()
	foreignSecret := held("b", keyA)
	foreignSecret.Ours = false
	stored := credential.Mint{UserID: "AIDA1", Started: at(30), Deadline: at(31), State: credential.MintStored, KeyID: keyA}
	used := active(keyB, 30)
	used.Use = lastUse{At: at(40), Service: "s3"}
	for name, test := range map[string]struct {
		view    keyView
		settled bool
		fresh   bool // an earlier run ended a moment ago
		want    string
	}{
		"no user":                    {keyView{keys: []listedKey{active(keyA, 1)}}, false, false, ""},
		"tagged as ours":             {keyView{user: ourUser(tagKey+keyA, ownerName), keys: []listedKey{active(keyA, 1)}}, false, false, "delete " + keyA},
		"tagged as another's":        {keyView{user: ourUser(tagKey+keyA, "c2/gen3"), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}}, false, false, "leave " + keyA},
		"recorded":                   {keyView{user: ourUser(), keys: []listedKey{active(keyA, 1)}, mints: []credential.Mint{stored}}, false, false, "delete " + keyA},
		"in a Secret of ours":        {keyView{user: ourUser(), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)}}, false, false, "delete " + keyA},
		"in somebody's Secret too":   {keyView{user: ourUser(), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA), foreignSecret}}, false, false, "leave " + keyA},
		"of nobody known":            {keyView{user: ourUser(), keys: []listedKey{active(keyA, 1), active(keyB, 2)}}, false, false, "leave " + keyA + ", leave " + keyB},
		"of an intent":               {keyView{user: ourUser(), keys: []listedKey{active(keyA, 1), active(keyB, 30)}, mints: []credential.Mint{openMint(keyA)}}, false, false, "delete " + keyB + ", leave " + keyA},
		"of an intent, and used":     {keyView{user: ourUser(), keys: []listedKey{used}, mints: []credential.Mint{openMint()}}, false, false, "blocked " + keyB},
		"two of one intent":          {keyView{user: ourUser(), keys: []listedKey{active(keyA, 30), active(keyB, 30)}, mints: []credential.Mint{openMint()}}, false, false, "blocked " + keyA + ", blocked " + keyB},
		"of an intent, other mint":   {keyView{user: ourUser(tagMinting, "c2/gen3 2026-01-01T13:00:00Z"), keys: []listedKey{active(keyB, 30)}, mints: []credential.Mint{openMint()}}, false, false, "blocked " + keyB},
		"intent of a former user":    {keyView{user: &UserSeen{ID: "AIDA2", ARN: testARN, Tags: Tags{}}, keys: []listedKey{active(keyB, 30)}, mints: []credential.Mint{openMint()}}, false, false, "leave " + keyB},
		"intent of a moment ago":     {keyView{user: ourUser(), now: at(31), mints: []credential.Mint{openMint()}}, false, false, "wait"},
		"waited for long enough":     {keyView{user: ourUser(), now: at(31), mints: []credential.Mint{openMint()}}, true, false, ""},
		"intent of long ago":         {keyView{user: ourUser(), now: at(50), mints: []credential.Mint{openMint()}}, false, false, ""},
		"stored key does not show":   {keyView{user: ourUser(), now: at(50), held: []credential.Held{held("a", keyA)}, mints: []credential.Mint{stored}}, false, true, "wait"},
		"stored key is gone":         {keyView{user: ourUser(), now: at(50), held: []credential.Held{held("a", keyA)}, mints: []credential.Mint{stored}}, false, false, ""},
		"tags that outlived the key": {keyView{user: ourUser(tagKey+keyA, ownerName, tagKey+keyB, "c2/gen3", tagMinting, ownerName+" 2026-01-01T13:00:00Z")}, false, false, "untag " + tagKey + keyA + " " + tagMinting},
		"tagged key does not show":   {keyView{user: ourUser(tagKey+keyA, ownerName), now: at(50)}, false, true, "wait"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := testRules()
			rules.settled = test.settled
			believe := test.view.now
			if test.fresh {
				believe = believe.Add(time.Second)
			}
			if got := endKeys(test.view, rules, believe).words(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
