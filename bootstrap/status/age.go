package status

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// doubt notes that a key of this namespace may not be among those that were found.
func (v *status) doubt() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.blind = true
}

// overaged says which keys of this namespace are older than they may be, and whether one may have been missed.
func (v *status) overaged(limit time.Duration) []error {
	if limit <= 0 {
		return nil
	}
	var errs []error
	for _, k := range v.result.Keys {
		if age := time.Duration(k.AgeSeconds) * time.Second; (k.Ours || k.InUse && k.Owner == "") && age > limit {
			errs = append(errs, hint.With(fmt.Errorf("check --max-key-age: access key %s of IAM user %s is %s old, and %s is allowed", k.ID, k.User, iamsetup.Age(age), iamsetup.Age(limit)),
				v.replacement(k)))
		}
	}
	if v.blind {
		errs = append(errs, hint.With(errors.New("check --max-key-age: not every access key of this namespace could be looked at"),
			"allow what could not be read, as the rest of the output says"))
	}
	return errs
}

// replacement says how another key comes into the place of one. Only up's own user gets one from up.
func (v *status) replacement(k Key) string {
	s := v.target.Settings
	switch {
	case k.Ours && s.UsesKeys() && k.User == s.UserName && v.steps.User.Ownership().Ours:
		return "to replace it, with no gap: `" + s.Invocation().Command("rotate") + "`"
	case k.Ours:
		return "once nothing uses it, `" + s.Invocation().Command("teardown", "--only", accesskey.Step, "--only", user.Step, "--user-name", k.User) + "` removes it"
	}
	text := "no tag says that gen3-bootstrap made it: make another key for its user"
	if len(k.Secrets) > 0 {
		text += ", put that into Secret " + strings.Join(k.Secrets, ", ")
	}
	return text + ", and delete this one once nobody else uses it"
}
