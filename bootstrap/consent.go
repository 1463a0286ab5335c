package bootstrap

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// askAboutKeys is the one question that up ever asks: whether keys may be deleted that are not ours and that nobody
// uses, where a user is taken over. Without a terminal, and with --dry-run, they stay; --yes has answered already. The
// answer holds for the keys that the first look showed, and for no other that shows up meanwhile.
func (r *run) askAboutKeys(ctx context.Context) (agreed bool, err error) {
	key := r.steps.key
	if key == nil || r.asked {
		return false, nil
	}
	r.asked = true
	unused := key.Unused()
	if len(unused) == 0 {
		return false, nil
	}
	agreed = r.settings.Yes
	if !agreed && r.command == "up" && r.env.Confirm != nil {
		agreed, err = r.env.Confirm(ctx, aboutKeys(key.Lookup.UserName, unused), "delete")
	}
	if agreed && err == nil {
		key.Agreed = slices.Collect(maps.Keys(unused))
	}
	return agreed, err
}

func aboutKeys(user string, unused map[string]string) string {
	var question strings.Builder
	fmt.Fprintf(&question, "User %s has access keys that gen3-bootstrap did not make and that nobody seems to use:\n", user)
	for _, id := range slices.Sorted(maps.Keys(unused)) {
		fmt.Fprintf(&question, "  %s: %s\n", id, unused[id])
	}
	question.WriteString("They are deleted when you type \"delete\"; anything else keeps them.")
	return question.String()
}
