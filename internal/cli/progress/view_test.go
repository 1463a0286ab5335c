package progress

import (
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) //nolint:gochecknoglobals // the tests' one clock

// story is a run with two chains: one that installs and waits, one that finds all up to date, and a step that fails.
func story() []event.Event {
	at := func(seconds int, e event.Event) event.Event {
		e.Time = start.Add(time.Duration(seconds) * time.Second)
		return e
	}
	made := func(a plan.Action, resource string) *plan.Change {
		kind, name, _ := strings.Cut(resource, "/")
		return &plan.Change{Action: a, Resource: plan.Of(kind, name)}
	}
	const helm, policy, key = "helm-release", "iam-policy", "access-key"
	return []event.Event{
		at(0, event.Event{Type: event.StepStarted, Step: helm}),
		at(0, event.Event{Type: event.StepStarted, Step: policy}),
		at(1, event.Event{Type: event.Changed, Step: helm, Change: made(plan.Create, "namespace/external-secrets")}),
		at(1, event.Event{Type: event.Waiting, Step: helm, Message: "3 Deployments in external-secrets"}),
		at(2, event.Event{Type: event.StepFinished, Step: policy}),
		at(2, event.Event{Type: event.Waiting, Step: helm, Message: "3 Deployments in external-secrets"}),
		at(3, event.Event{Type: event.StepStarted, Step: key}),
		at(4, event.Event{Type: event.Waiting, Step: helm, Message: "1 Deployment in external-secrets"}),
		at(5, event.Event{Type: event.StepFailed, Step: key, Message: "told with the result"}),
		at(9, event.Event{Type: event.StepFinished, Step: helm}),
	}
}

func TestPlain(t *testing.T) {
	view := Plain(tty.Style{})
	for _, e := range story() {
		view.Add(e)
	}
	view.Notice("interrupted")
	golden.Equal(t, view.Paint(start))
	if again := view.Paint(start); again != "" {
		t.Errorf("painted twice: %q", again)
	}
}

func TestLive(t *testing.T) {
	view := Live(tty.Style{}, func() int { return 60 })
	var frames strings.Builder
	for i, e := range story() {
		view.Add(e)
		if i == 7 {
			view.Notice("interrupted")
		}
		frames.WriteString(visible(view.Paint(e.Time)))
	}
	golden.Equal(t, frames.String())
	if view.Moves() {
		t.Error("it moves after the last step")
	}
}

// visible makes the escape sequences readable, and marks the end of a frame.
func visible(frame string) string {
	return strings.NewReplacer("\x1b[K", "", "\x1b", "ESC", "\r", "CR\n").Replace(frame) + "--\n"
}

func TestLiveTruncatesToTheTerminal(t *testing.T) {
	view := Live(tty.Style{}, func() int { return 30 })
	view.Add(event.Event{Type: event.Waiting, Step: "helm-release", Message: strings.Repeat("x", 100)})
	for line := range strings.Lines(view.Paint(start)) {
		if n := len([]rune(strings.TrimSuffix(line, "\x1b[K\n"))); n > 30 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestLiveStartsAnewBelowWhatItLeft(t *testing.T) {
	view := Live(tty.Style{}, func() int { return 60 })
	view.Add(event.Event{Type: event.StepStarted, Step: "iam-policy"})
	view.Paint(start)
	view.Leave()
	if text := view.Paint(start); strings.Contains(text, "\x1b[1A") {
		t.Errorf("moved up over what was left: %q", text)
	}
}
