package accesskey

import (
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

const (
	testARN   = "arn:aws:iam::123456789012:user/es"
	otherARN  = "arn:aws:iam::123456789012:user/other"
	keyA      = "AKIAAAAAAAAAAEXAMPLE"
	keyB      = "AKIABBBBBBBBBEXAMPLE"
	keyC      = "AKIACCCCCCCCCEXAMPLE"
	ownerName = "cluster-1/gen3"
)

func at(minutes int) time.Time {
	return time.Date(2026, 1, 1, 12, minutes, 0, 0, time.UTC)
}

func testRules() keyRules {
	return keyRules{owner: iamsetup.Owner{Cluster: "cluster-1", Namespace: "gen3"}, userName: "es", settle: 20 * time.Second}
}

func ourUser(tags ...string) *principal.UserSeen {
	u := &principal.UserSeen{ARN: testARN, Tags: iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagOwner + ownerName: ""}}
	for i := 0; i < len(tags); i += 2 {
		u.Tags[tags[i]] = tags[i+1]
	}
	return u
}

func active(id string, created int) listedKey {
	return listedKey{ID: id, Active: true, Created: at(created)}
}

func held(name, id string) credential.Held {
	h := credential.Held{Name: "gen3/" + name, Exists: true, Ours: true, Complete: id != "", Noted: id != "", Created: at(0)}
	if id != "" {
		h.Key = credential.Key{ID: id, Secret: redact.New("half of " + id)}
	}
	return h
}

func edited(name, id string) credential.Held {
	h := held(name, id)
	h.Key.Secret = redact.New("edited by hand")
	return h
}

func absent(name string) credential.Held { return credential.Held{Name: "gen3/" + name} }

// spare is a Secret that only an earlier up named.
func spare(name, id string) credential.Held {
	h := held(name, id)
	h.Spare = true
	return h
}

func foreign(name, id string) credential.Held {
	h := held(name, id)
	h.Ours = false
	return h
}

func kept(name string) credential.Held {
	h := foreign(name, "")
	h.Keeper, h.LetGo = "Helm release gen3", "remove the keys from its values"
	return h
}

// going is a Secret that is being deleted.
func going(name, id string) credential.Held {
	h := held(name, id)
	h.Terminating = true
	return h
}

func immutable(name string) credential.Held {
	h := held(name, "")
	h.Immutable = true
	return h
}

func good() proof { return proof{verdict: accepted, arn: testARN} }

// announced are the tags of a mint that an owner announced at 12:30, for a minute.
func announced(owner string, existing ...string) []string {
	tags := intent{owner: owner, started: at(30), deadline: at(31), existing: existing}.tags()
	return []string{iamsetup.TagMinting + owner, tags[iamsetup.TagMinting+owner]}
}

// decision in words, for the table.
func (p keyPlan) words() []string {
	var out []string
	if p.source == nil {
		out = append(out, "mint")
	} else {
		out = append(out, "keep "+p.source.ID)
	}
	for _, f := range p.fills {
		out = append(out, string(f.action)+" "+f.held.Name)
	}
	for _, x := range p.before {
		out = append(out, "delete first "+x.id)
	}
	for _, x := range p.after {
		out = append(out, "delete then "+x.id)
	}
	if p.tag {
		out = append(out, "tag")
	}
	if p.untag != "" {
		out = append(out, "untag")
	}
	if p.settle != "" {
		out = append(out, "wait")
	}
	if len(p.blocks) > 0 {
		out = append(out, "blocked")
	}
	return out
}

// TestWhyAKeyIsNotAdopted: it is told which Secrets hold it too, so that somebody can look at them.
func TestWhyAKeyIsNotAdopted(t *testing.T) {
	t.Parallel()
	for _, adopt := range []bool{true, false} {
		k := &Up{Adopt: adopt}
		k.view = keyView{
			user: ourUser(), keys: []listedKey{active(keyA, 1)}, held: []credential.Held{held("a", keyA)},
			holders: map[string][]string{keyA: {held("a", keyA).Name, "other/x (which cannot be searched)"}},
		}
		k.plan.source = &credential.Key{ID: keyA}
		told := strings.HasSuffix(k.describeSource(), "not adopted, as it is in Secret other/x (which cannot be searched) too")
		if told != adopt {
			t.Errorf("adopt %v: %q", adopt, k.describeSource())
		}
	}
}
