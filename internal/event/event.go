// Package event is the one stream in which a run tells what it does; text and JSON are made from it.
// Steps emit and never print.
package event

import (
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Type says which of the other fields of an Event mean something.
type Type string

// The closed set of event types.
const (
	StepStarted  Type = "step_started"  // Step
	Waiting      Type = "waiting"       // Step, Message: what the step waits for, without an end or a time
	Changed      Type = "changed"       // Step, Change: one resource was written
	StepFinished Type = "step_finished" // Step
	StepFailed   Type = "step_failed"   // Step, Message: the error
)

// Event is one thing that happened. It never carries secret material.
type Event struct {
	Time    time.Time
	Type    Type
	Step    string
	Change  *plan.Change
	Message string
}

// Sink takes events. Implementations are safe for concurrent use, keep the order of calls, and do not block on a
// reader that went away.
type Sink interface{ Emit(Event) }

// SinkFunc makes a function a Sink.
type SinkFunc func(Event)

// Emit calls f.
func (f SinkFunc) Emit(e Event) { f(e) }

// Discard drops every event.
var Discard Sink = SinkFunc(func(Event) {}) //nolint:gochecknoglobals // immutable, like io.Discard
