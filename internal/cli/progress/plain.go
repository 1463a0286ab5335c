package progress

import (
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

type plain struct {
	style   tty.Style
	pending strings.Builder
	waiting map[string]string // by step: the last thing it said to wait for
	busy    map[string]bool   // steps that have said anything
}

// Plain returns a view that writes one line for each change, and for each new thing that a step waits for.
func Plain(style tty.Style) View {
	return &plain{style: style, waiting: make(map[string]string), busy: make(map[string]bool)}
}

func (p *plain) Add(e event.Event) {
	switch e.Type {
	case event.Waiting:
		if p.waiting[e.Step] != e.Message {
			p.waiting[e.Step] = e.Message
			p.say(e.Step, p.style.Dim("waiting for "+printable.Line(e.Message)))
		}
	case event.Changed:
		if text := changed(p.style, e.Change); text != "" {
			p.say(e.Step, text)
		}
	case event.StepFinished:
		// A step that found everything up to date has said nothing, and need not say that it is done.
		if p.busy[e.Step] {
			p.say(e.Step, p.style.Green("done"))
		}
	case event.StepFailed:
		p.say(e.Step, p.style.Red("failed")) // why is said once, with the result
	case event.StepStarted:
	}
}

func (p *plain) say(step, text string) {
	p.busy[step] = true
	if step != "" {
		step = printable.Line(step) + ": "
	}
	p.pending.WriteString(step + text + "\n")
}

func (p *plain) Notice(text string) {
	p.pending.WriteString(p.style.Yellow(printable.Line(text)) + "\n")
}

func (p *plain) Log(lines string) { p.pending.WriteString(lines) }

func (p *plain) Paint(time.Time) string {
	text := p.pending.String()
	p.pending.Reset()
	return text
}

func (*plain) Leave() {}

func (*plain) Moves() bool { return false }
