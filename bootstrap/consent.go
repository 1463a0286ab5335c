package bootstrap

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// askAboutKeys is the one question that up ever asks: whether keys may be deleted that are not ours and that nobody
// uses, where a user is taken over. Without a terminal, and with --dry-run, they stay; --yes has answered already.
func (r *run) askAboutKeys(ctx context.Context) (agreed bool, err error) {
	key := r.steps.key
	if key == nil || r.command != "up" || r.env.Confirm == nil || key.Consent || r.asked {
		return false, nil
	}
	unused := key.Unused()
	if len(unused) == 0 {
		return false, nil
	}
	r.asked = true
	var question strings.Builder
	fmt.Fprintf(&question, "User %s has access keys that gen3-bootstrap did not make and that nobody seems to use:\n", key.Lookup.UserName)
	for _, id := range slices.Sorted(maps.Keys(unused)) {
		fmt.Fprintf(&question, "  %s: %s\n", id, unused[id])
	}
	question.WriteString("They are deleted when you type \"delete\"; anything else keeps them.")
	key.Consent, err = r.env.Confirm(ctx, question.String(), "delete")
	return key.Consent, err
}
