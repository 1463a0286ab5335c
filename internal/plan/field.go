package plan

// Field is one thing that a change sets, in the words of the resource: "tags", "trust policy", "chart version", "--secret-prefix".
// Before and After are each one of: nil (there is none), string, bool, int, []string (a set, in the order to be shown; a document is the list
// of its lines) or map[string]string (such as tags). No value may be secret.
type Field struct {
	Name   string `json:"name"`
	Before any    `json:"before,omitempty"` // nil: there was none, or the resource is new
	After  any    `json:"after,omitempty"`  // nil: there is none any more; KnownAfterApply where only the run brings it to light
	// Mark says what a reader must not overlook: MarkWidens and the like, or empty.
	Mark string `json:"mark,omitempty"`
}

// What a reader of a plan must not overlook.
const (
	MarkWidens = "widens rights"
	MarkMoves  = "moves the region"
	MarkMode   = "changes the mode"
)
