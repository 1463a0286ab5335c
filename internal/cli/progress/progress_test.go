package progress

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

func fixed() time.Time { return start }

func waiting(message string) event.Event {
	return event.Event{Type: event.Waiting, Step: "helm-release", Message: message}
}

func TestCloseShowsAllInOrder(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, Plain(tty.Style{}), fixed)
	var want strings.Builder
	for i := range 100 {
		text := strings.Repeat("x", i+1)
		p.Emit(waiting(text))
		want.WriteString("helm-release: waiting for " + text + "\n")
	}
	p.Close()
	if out.String() != want.String() {
		t.Errorf("got %s", out.String())
	}
}

func TestEmitDoesNotWaitForAStalledReader(t *testing.T) {
	r, w := io.Pipe()
	p := New(w, Plain(tty.Style{}), fixed)
	for i := range 1000 { // nobody reads: a write that Emit itself made would never return
		p.Emit(waiting(strings.Repeat("x", i)))
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	p.Close()
}

func TestReaderThatWentAwayEndsTheWriting(t *testing.T) {
	out := &gone{written: make(chan struct{})}
	p := New(out, Plain(tty.Style{}), fixed)
	p.Emit(waiting("one"))
	<-out.written
	p.Emit(waiting("two"))
	p.Aside(func() {})
	p.Close()
	if out.writes != 1 {
		t.Errorf("%d writes to a closed pipe, want 1", out.writes)
	}
}

func TestAsideHasTheTerminalToItself(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, Live(tty.Style{}, func() int { return 80 }), fixed)
	p.Emit(event.Event{Type: event.StepStarted, Step: "access-key", Time: start})
	var before, after int
	p.Aside(func() {
		before = out.Len()
		p.Emit(waiting("an answer")) // from another chain, while the question stands
		after = out.Len()
	})
	p.Close()
	if before == 0 || before != after {
		t.Errorf("%d bytes before the question, %d after", before, after)
	}
	if !strings.HasSuffix(out.String(), "waiting for an answer\x1b[K\n") {
		t.Errorf("what came meanwhile is not shown: %q", out.String())
	}
}

func TestConcurrentSteps(t *testing.T) {
	p := New(io.Discard, Live(tty.Style{}, func() int { return 80 }), time.Now)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				p.Emit(waiting("something"))
			}
		})
	}
	wg.Wait()
	p.Close()
}

// gone is a pipe whose reader has left. It closes written at the first write.
type gone struct {
	writes  int
	written chan struct{}
}

func (g *gone) Write([]byte) (int, error) {
	if g.writes++; g.writes == 1 {
		close(g.written)
	}
	return 0, syscall.EPIPE
}
