// Package progress shows on stderr what a run is doing: lines that stay on a terminal's bottom and move, or plain lines
// anywhere else. It is an event.Sink that never makes the run wait for whoever reads it.
package progress

import (
	"io"
	"sync"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// frame is the time between two pictures of a spinner.
const frame = 100 * time.Millisecond

// View turns events into text. Progress calls it from one goroutine at a time.
type View interface {
	// Add takes note of an event.
	Add(event.Event)
	// Notice takes note of a line that concerns no step.
	Notice(text string)
	// Log takes note of lines for developers, each with its end.
	Log(lines string)
	// Paint returns what to write now, or "".
	Paint(now time.Time) string
	// Leave ends the part of the terminal that Paint overwrites: what follows goes below it.
	Leave()
	// Moves reports whether Paint has something new to say when no event came.
	Moves() bool
}

// Progress feeds a View and writes what it paints. Emit only changes memory: one goroutine writes, so that a stalled
// pipe or a stopped terminal stalls that goroutine and not a run that holds a lock or a half-made key.
type Progress struct {
	out io.Writer
	now func() time.Time

	writing sync.Mutex // held while out is in use; taken before state
	gone    bool       // writing: the reader went away, and nothing more is written

	state sync.Mutex
	view  View

	wake chan struct{}
	quit chan struct{}
	done chan struct{}
}

// New starts showing. Close ends it.
func New(out io.Writer, view View, now func() time.Time) *Progress {
	p := &Progress{
		out:  out,
		now:  now,
		view: view,
		wake: make(chan struct{}, 1),
		quit: make(chan struct{}),
		done: make(chan struct{}),
	}
	go p.loop()
	return p
}

// Emit implements event.Sink.
func (p *Progress) Emit(e event.Event) {
	if e.Time.IsZero() {
		e.Time = p.now()
	}
	p.change(func(v View) { v.Add(e) })
}

// Notice shows a line that concerns no step.
func (p *Progress) Notice(text string) {
	p.change(func(v View) { v.Notice(text) })
}

// Write takes whole log lines, so that they keep their order among the others and stall no more than those do.
func (p *Progress) Write(lines []byte) (int, error) {
	p.change(func(v View) { v.Log(string(lines)) })
	return len(lines), nil
}

// Aside shows what there is to show, and gives f the terminal until f returns.
func (p *Progress) Aside(f func()) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.write()
	p.state.Lock()
	p.view.Leave()
	p.state.Unlock()
	f()
}

// Close shows the rest and ends. It must be called once, after the last event.
func (p *Progress) Close() {
	close(p.quit)
	<-p.done
}

func (p *Progress) change(f func(View)) {
	p.state.Lock()
	f(p.view)
	p.state.Unlock()
	select {
	case p.wake <- struct{}{}:
	default: // the loop has been told already
	}
}

func (p *Progress) loop() {
	defer close(p.done)
	ticks := time.NewTicker(frame)
	defer ticks.Stop()
	for {
		select {
		case <-p.wake:
			p.paint()
		case <-ticks.C:
			if p.moves() {
				p.paint()
			}
		case <-p.quit:
			p.paint()
			return
		}
	}
}

func (p *Progress) moves() bool {
	p.state.Lock()
	defer p.state.Unlock()
	return p.view.Moves()
}

func (p *Progress) paint() {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.write()
}

// write is called with writing held.
func (p *Progress) write() {
	if p.gone {
		return
	}
	p.state.Lock()
	text := p.view.Paint(p.now())
	p.state.Unlock()
	if text == "" {
		return
	}
	_, err := io.WriteString(p.out, text)
	p.gone = err != nil
}
