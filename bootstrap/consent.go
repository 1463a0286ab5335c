package bootstrap

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Question is what a person at a terminal is asked. Each text is one line, however it is made up: the names in it may be
// anybody's, and who prints it lays it out.
type Question struct {
	Asks  string
	Items []QuestionItem // what it is about, one below the other
	Note  string         // below them, if not empty
	Want  string         // what has to be typed for a yes
}

// QuestionItem is one thing that a question is about.
type QuestionItem struct {
	Name string
	Text string
}

// askAboutKeys is the one question that up ever asks: whether keys may be deleted that are not ours and that nobody
// uses, where a user is taken over. Without a terminal, and with --dry-run, they stay; --yes has answered already. The
// answer holds for the keys that the first look showed, and for no other that shows up meanwhile.
func (r *Run) askAboutKeys(ctx context.Context) (agreed bool, err error) {
	key := r.steps.Key
	if key == nil || r.asked || r.rotation != nil {
		return false, nil
	}
	r.asked = true
	unused := key.Unused()
	if len(unused) == 0 {
		return false, nil
	}
	agreed = r.Settings.Yes
	if !agreed && r.command == "up" && r.Env.Confirm != nil {
		agreed, err = r.Env.Confirm(ctx, aboutKeys(key.Lookup.UserName, unused))
	}
	if agreed && err == nil {
		key.Agreed = slices.Collect(maps.Keys(unused))
	}
	return agreed, err
}

func aboutKeys(user string, unused map[string]string) Question {
	q := Question{
		Asks: fmt.Sprintf("User %s has access keys that gen3-bootstrap did not make and that nobody seems to use:", user),
		Note: "They are deleted when you type \"delete\"; anything else keeps them.", Want: "delete",
	}
	for _, id := range slices.Sorted(maps.Keys(unused)) {
		q.Items = append(q.Items, QuestionItem{Name: id, Text: unused[id]})
	}
	return q
}
