package accesskey

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
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
func (i intent) tags() iamsetup.Tags {
	words := append([]string{i.started.Format(time.RFC3339), i.deadline.Format(time.RFC3339)}, i.existing...)
	return iamsetup.Tags{iamsetup.TagMinting + i.owner: strings.Join(words, " ")}
}

// intentsOf are the announcements on a user, in the order of their owners. One that somebody edited so that it cannot be read
// has no time, and so claims no key.
func intentsOf(t iamsetup.Tags) []intent {
	var out []intent
	for _, key := range t.Keys() {
		owner, ok := strings.CutPrefix(key, iamsetup.TagMinting)
		if !ok {
			continue
		}
		i, err := readIntent(strings.Fields(t[key]))
		if err != nil {
			i = intent{}
		}
		i.owner = owner
		out = append(out, i)
	}
	return out
}

// readIntent reads the words of a tag's value.
func readIntent(words []string) (i intent, err error) {
	if len(words) < 2 {
		return i, errNoIntent
	}
	if i.started, err = time.Parse(time.RFC3339, words[0]); err != nil {
		return i, errNoIntent
	}
	if i.deadline, err = time.Parse(time.RFC3339, words[1]); err != nil {
		return i, errNoIntent
	}
	i.existing = words[2:]
	return i, nil
}

var errNoIntent = errors.New("no times stand in the tag")

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
