package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

const (
	spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
	// patience is how long a step goes on before the time it took is shown.
	patience = 3 * time.Second
)

// live keeps one line a step at the bottom of the terminal.
type live struct {
	style   tty.Style
	width   func() int
	steps   []*step // in the order of their first event
	notices []string
	painted int // lines on the terminal that the next picture overwrites
	turn    int // of the spinner
}

type step struct {
	name    string
	state   event.Type // StepStarted, StepFinished or StepFailed
	text    string     // what it did last or waits for
	changes int
	started time.Time
	ended   time.Time
}

// Live returns a view for a terminal, whose width is asked before each picture.
func Live(style tty.Style, width func() int) View {
	return &live{style: style, width: width}
}

func (l *live) Add(e event.Event) {
	s := l.step(e)
	switch e.Type {
	case event.StepStarted:
		s.state, s.started = e.Type, e.Time
	case event.Waiting:
		s.text = "waiting for " + printable.Line(e.Message)
	case event.Changed:
		if text := changed(tty.Style{}, e.Change); text != "" {
			s.text = text
			s.changes++
		}
	case event.StepFinished:
		s.state, s.ended, s.text = e.Type, e.Time, outcome(s.changes)
	case event.StepFailed:
		s.state, s.ended, s.text = e.Type, e.Time, "failed" // why is said once, with the result
	}
}

func outcome(changes int) string {
	switch changes {
	case 0:
		return "up to date"
	case 1:
		return "done, 1 change"
	default:
		return fmt.Sprintf("done, %d changes", changes)
	}
}

// step returns the line of the event's step, a new one at its first event.
func (l *live) step(e event.Event) *step {
	for _, s := range l.steps {
		if s.name == e.Step {
			return s
		}
	}
	s := &step{name: e.Step, state: event.StepStarted, started: e.Time}
	l.steps = append(l.steps, s)
	return s
}

func (l *live) Notice(text string) {
	l.notices = append(l.notices, l.style.Yellow(printable.Line(text)))
}

func (l *live) Log(lines string) {
	l.notices = append(l.notices, strings.Split(strings.TrimSuffix(lines, "\n"), "\n")...)
}

// Paint moves up over the last picture and draws the next one in its place, with new notices above the steps.
func (l *live) Paint(now time.Time) string {
	if len(l.steps) == 0 && len(l.notices) == 0 {
		return ""
	}
	var b strings.Builder
	if l.painted > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r", l.painted)
	}
	const eraseRest = "\x1b[K\n"
	for _, n := range l.notices {
		b.WriteString(n + eraseRest)
	}
	for _, s := range l.steps {
		b.WriteString(l.line(s, now) + eraseRest)
	}
	l.notices, l.painted = nil, len(l.steps)
	l.turn++
	return b.String()
}

// line is cut to the terminal: one that wraps would take two, and the next picture would begin too low.
func (l *live) line(s *step, now time.Time) string {
	end, took := now, ""
	if s.state != event.StepStarted {
		end = s.ended
	}
	if d := end.Sub(s.started); d >= patience {
		took = fmt.Sprintf("  %ds", int(d.Seconds()))
	}
	text := truncate(fmt.Sprintf("%-14s  %s", printable.Line(s.name), s.text), l.width()-len("* ")-len(took)-1)
	return l.mark(s.state) + " " + strings.TrimRight(text, " ") + took
}

func (l *live) mark(state event.Type) string {
	switch state { //nolint:exhaustive // the three states of a step
	case event.StepFinished:
		return l.style.Green("✓")
	case event.StepFailed:
		return l.style.Red("✗")
	default:
		frames := []rune(spinner)
		return l.style.Cyan(string(frames[l.turn%len(frames)]))
	}
}

// truncate cuts text so that it takes no more columns than there are.
func truncate(text string, columns int) string {
	if columns < 1 || tty.Columns(text) <= columns {
		return text
	}
	taken := 0
	for at, r := range text {
		if taken += tty.Columns(string(r)); taken > columns-1 {
			return text[:at] + "…"
		}
	}
	return text
}

func (l *live) Leave() { l.painted = 0 }

func (l *live) Moves() bool {
	for _, s := range l.steps {
		if s.state == event.StepStarted {
			return true
		}
	}
	return false
}
