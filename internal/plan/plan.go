// Package plan is the vocabulary in which steps say what they would do and what they did: actions and changes.
// It has no behaviour of its own and imports nothing of the project.
package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Action is what a run does, or would do, to one resource.
type Action string

// The closed set of actions, as they appear in text and in JSON.
const (
	Create  Action = "create"
	Update  Action = "update"
	Delete  Action = "delete"
	Adopt   Action = "adopt"   // take over a resource that gen3-bootstrap did not create
	None    Action = "none"    // it is up to date, or in a teardown kept or not there
	Blocked Action = "blocked" // it cannot be made up to date: up then writes nothing at all, and a teardown does the rest
)

// Outcome is what came of a planned change.
type Outcome string

// The closed set of outcomes, as they appear in JSON.
const (
	Done       Outcome = "done"
	Failed     Outcome = "failed"
	NotReached Outcome = "not reached" // the run ended, or one that it rests on failed, before its turn
)

// KnownAfterApply stands in a resource's name for a value that only the run itself brings to light.
const KnownAfterApply = "(known after apply)"

// Change is one line of a plan or of a result.
type Change struct {
	// Step is the name of the step that owns the resource, such as "iam-policy".
	Step string `json:"step"`
	// Resource is what it is about; in JSON "kind/name", or "kind/namespace/name" in a namespace.
	Resource Resource `json:"resource"`
	Action   Action   `json:"action"`
	// Outcome is what came of it; empty in a plan, and for what was not to be written.
	Outcome Outcome `json:"outcome,omitempty"`
	// Reason says why, in words for an operator; for Blocked it is the error message.
	Reason string `json:"reason"`
	// Unwell: nothing is to be done about it here, and yet it does not do what it is for, such as a Secret that is somebody else's to make.
	Unwell bool `json:"unwell,omitempty"`
	// Fields are what is set where something is created, and what differs where it is changed, in a fixed order. Empty where
	// nothing is known beforehand, and for what is up to date.
	Fields []Field `json:"fields,omitempty"`
	// Code is the stable name of why it is Blocked; in JSON "<step>-blocked" where nothing more is known.
	Code string `json:"code,omitempty"`
	// Hint is what a person can do about a Blocked change, often a command, on one line; else empty.
	Hint string `json:"-"`
	// More are further lines of the hint.
	More []string `json:"-"`
}

// Document is a change in JSON: the parts of its resource stand beside the text.
type Document struct {
	plain

	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"` // absent: the kind as a whole, or not known before the run
	ARN       string `json:"arn,omitempty"`
}

// plain is a change without methods of its own.
type plain Change

// Document is the change as JSON has it, for whoever says more of it.
func (c Change) Document() Document {
	d := Document{plain: plain(c), Kind: c.Resource.Kind, Namespace: c.Resource.Namespace}
	if c.Action == Blocked && d.Code == "" {
		d.Code = c.Step + "-blocked"
	}
	switch name := c.Resource.Name; {
	case strings.HasPrefix(name, "arn:"):
		d.ARN, d.Name = name, name[strings.LastIndexAny(name, "/:")+1:]
	case name != KnownAfterApply:
		d.Name = name
	}
	return d
}

// MarshalJSON writes the change with the parts of its resource.
func (c Change) MarshalJSON() ([]byte, error) { return json.Marshal(c.Document()) }

// UnmarshalJSON reads it back.
func (c *Change) UnmarshalJSON(text []byte) error {
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("read a change: %w", err)
	}
	*c = Change(d.plain)
	name := strings.TrimPrefix(strings.TrimPrefix(d.Resource.String(), Of(d.Kind, d.Namespace).String()), "/")
	c.Resource = In(d.Kind, d.Namespace, name)
	return nil
}

// Pending reports whether any change would write, that is whether a run has something to do.
func Pending(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Action != None && c.Action != Blocked })
}

// Put puts a change into the place of the one of the same step and resource, or behind those of its step.
func Put(changes []Change, c Change) []Change {
	last := len(changes)
	for i, x := range changes {
		if x.Step != c.Step {
			continue
		}
		if last = i + 1; x.Resource == c.Resource {
			changes[i] = c
			return changes
		}
	}
	return slices.Insert(changes, last, c)
}

// BlockedIn returns those changes that cannot be made, in their order.
func BlockedIn(changes []Change) []Change {
	var out []Change
	for _, c := range changes {
		if c.Action == Blocked {
			out = append(out, c)
		}
	}
	return out
}

// Unwell counts what does not do what it is for.
func Unwell(changes []Change) int {
	n := 0
	for _, c := range changes {
		if c.Unwell {
			n++
		}
	}
	return n
}

// Counts is how many changes there are of each action.
type Counts struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Delete  int `json:"delete"`
	Adopt   int `json:"adopt"`
	Blocked int `json:"blocked"`
	None    int `json:"none"`
}

// Count counts changes by what is planned.
func Count(changes []Change) Counts {
	var n Counts
	for _, c := range changes {
		switch c.Action {
		case Create:
			n.Create++
		case Update:
			n.Update++
		case Delete:
			n.Delete++
		case Adopt:
			n.Adopt++
		case Blocked:
			n.Blocked++
		case None:
			n.None++
		}
	}
	return n
}
