package iamsetup

import (
	"slices"
	"strings"
	"time"
)

// intent is the announcement of a mint: a tag of the user, one per owner, that is written and read back before
// CreateAccessKey goes out and taken off once the key is entered or gone. It proves which key a run that was killed had
// made, since only who has rights in IAM can write it.
type intent struct {
	owner    string    // "<cluster>/<namespace>"
	started  time.Time // AWS's time, to the second
	deadline time.Time // AWS's time; the call is not sent later
	existing []string  // ids of the keys that the user had
}

// tags is the intent as it stands on the user: the owner in the key, and "<started> <deadline> <id> …" in the value. IAM
// allows no other separator that ids cannot have (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html).
func (i intent) tags() Tags {
	words := append([]string{i.started.Format(time.RFC3339), i.deadline.Format(time.RFC3339)}, i.existing...)
	return Tags{TagMinting + i.owner: strings.Join(words, " ")}
}

// intents are the announcements on a user, in the order of their owners. One that somebody edited so that it cannot be read
// has no time, and so claims no key.
func (t Tags) intents() []intent {
	var out []intent
	for _, key := range t.keys() {
		owner, ok := strings.CutPrefix(key, TagMinting)
		if !ok {
			continue
		}
		i := intent{owner: owner}
		words := strings.Fields(t[key])
		if len(words) >= 2 {
			i.started, _ = time.Parse(time.RFC3339, words[0])
			i.deadline, _ = time.Parse(time.RFC3339, words[1])
			i.existing = words[2:]
		}
		out = append(out, i)
	}
	return out
}

// mayHaveMade reports whether a key can be the one of this intent: it was not there before, and came in its time.
func (i intent) mayHaveMade(k listedKey) bool {
	return !slices.Contains(i.existing, k.ID) && !k.Created.Before(i.started) && !k.Created.After(i.deadline)
}

// first orders two intents of the same time, so that of two owners who see each other exactly one goes on.
func (i intent) first(other intent) bool {
	if !i.started.Equal(other.started) {
		return i.started.Before(other.started)
	}
	return i.owner < other.owner
}
