package progress

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable/hostile"
)

// written is every event that shows a text, with that text.
func written(text string) []event.Event {
	return []event.Event{
		{Type: event.StepStarted, Step: text, Time: start},
		{Type: event.Waiting, Step: text, Message: text, Time: start},
		{Type: event.Changed, Step: text, Change: &plan.Change{Action: plan.Create, Resource: plan.Of(text, "")}, Time: start},
		{Type: event.Changed, Step: text, Change: &plan.Change{Action: plan.Delete, Resource: plan.Of(text, "")}, Time: start},
		{Type: event.StepFinished, Step: text, Time: start},
		{Type: event.StepFailed, Step: "x" + text, Message: text, Time: start},
	}
}

func TestPlainShowsNothingRaw(t *testing.T) {
	t.Parallel()
	for what, text := range hostile.Texts() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			view := Plain(tty.Colour())
			for _, e := range written(text) {
				view.Add(e)
			}
			view.Notice(text)
			got := view.Paint(start)
			hostile.Clean(t, got)
			if lines := strings.Count(got, "\n"); lines != 6 {
				t.Errorf("%d lines:\n%.2000s", lines, got)
			}
		})
	}
}

// TestLiveShowsNothingRaw: a line that took more columns than there are would take two lines, and the next picture would
// begin in the wrong one.
func TestLiveShowsNothingRaw(t *testing.T) {
	t.Parallel()
	const columns = 60
	for what, text := range hostile.Texts() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			view := Live(tty.Style{}, func() int { return columns })
			for i, e := range written(text) {
				view.Add(e)
				picture := view.Paint(start)
				if i > 0 { // over the last one
					up := "\x1b[1A\r"
					if !strings.HasPrefix(picture, up) {
						t.Errorf("the picture does not begin over the last one: %.100q", picture)
					}
					picture = strings.TrimPrefix(picture, up)
				}
				picture = strings.ReplaceAll(picture, "\x1b[K", "")
				hostile.Clean(t, picture)
				for line := range strings.Lines(picture) {
					if n := tty.Columns(strings.TrimSuffix(line, "\n")); n > columns {
						t.Errorf("%d columns: %q", n, line)
					}
				}
			}
		})
	}
}

func TestLiveNotices(t *testing.T) {
	t.Parallel()
	for what, text := range hostile.Texts() {
		view := Live(tty.Colour(), func() int { return 60 })
		view.Notice(text)
		got := strings.ReplaceAll(view.Paint(start), "\x1b[K", "")
		hostile.Clean(t, got)
		if strings.Count(got, "\n") != 1 {
			t.Errorf("%s: %.300q", what, got)
		}
	}
}
