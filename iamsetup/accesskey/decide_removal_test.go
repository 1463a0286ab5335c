package accesskey

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
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
		out = append(out, "blocked "+strings.TrimPrefix(c.Resource.String(), "access-key/"))
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
	used := active(keyB, 30)
	used.Use = lastUse{At: at(40), Service: "s3"}
	tagA, own := []string{iamsetup.TagKey + keyA, ownerName}, announced(ownerName)
	for name, test := range map[string]struct {
		view    keyView
		settled bool
		want    string
	}{
		"no user":                    {keyView{keys: []listedKey{active(keyA, 1)}}, false, ""},
		"tagged as ours":             {keyView{user: ourUser(tagA...), keys: []listedKey{active(keyA, 1)}}, false, "delete " + keyA},
		"tagged as another's":        {keyView{user: ourUser(iamsetup.TagKey+keyA, "c2/gen3"), keys: []listedKey{active(keyA, 1)}}, false, "leave " + keyA},
		"without a tag":              {keyView{user: ourUser(), keys: []listedKey{active(keyA, 1), active(keyB, 2)}}, false, "leave " + keyA + ", leave " + keyB},
		"of an intent":               {keyView{user: ourUser(announced(ownerName, keyA)...), keys: []listedKey{active(keyA, 1), active(keyB, 30)}}, false, "delete " + keyB + ", leave " + keyA + ", untag " + own[0]},
		"of an intent, and used":     {keyView{user: ourUser(own...), keys: []listedKey{used}}, false, "blocked " + keyB},
		"two of one intent":          {keyView{user: ourUser(own...), keys: []listedKey{active(keyA, 30), active(keyB, 30)}}, false, "blocked " + keyA + ", blocked " + keyB},
		"of two intents":             {keyView{user: ourUser(append(own, announced("c2/gen3")...)...), keys: []listedKey{active(keyB, 30)}}, false, "blocked " + keyB},
		"of another's intent":        {keyView{user: ourUser(announced("c2/gen3")...), keys: []listedKey{active(keyB, 30)}}, false, "leave " + keyB},
		"intent of a moment ago":     {keyView{user: ourUser(own...), now: at(31)}, false, "untag " + own[0] + ", wait"},
		"waited for long enough":     {keyView{user: ourUser(own...), now: at(31)}, true, "untag " + own[0]},
		"intent of long ago":         {keyView{user: ourUser(own...), now: at(50)}, false, "untag " + own[0]},
		"nothing shows yet":          {keyView{user: ourUser(), now: at(50), lagging: true}, false, "wait"},
		"nothing shows still":        {keyView{user: ourUser(), now: at(50), lagging: true}, true, ""},
		"tags that outlived the key": {keyView{user: ourUser(append(tagA, iamsetup.TagKey+keyB, "c2/gen3")...)}, false, "untag " + iamsetup.TagKey + keyA},
		"tagged key does not show":   {keyView{user: ourUser(tagA...), now: at(50), lagging: true}, false, "wait"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := testRules()
			rules.settled = test.settled
			if got := endKeys(test.view, rules).words(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
