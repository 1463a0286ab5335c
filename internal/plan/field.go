package plan

// Field is one thing that a change sets, in the words of the resource: "tags", "trust policy", "chart version", "--secret-prefix".
// Before and After are each one of: nil (there is none), string, bool, int, []string (a set, in the order to be shown),
// map[string]string (such as tags), or a Document. No value may be secret.
type Field struct {
	Name   string
	Before any // nil: there was none, or the resource is new
	After  any // nil: there is none any more; KnownAfterApply where only the run brings it to light
	// Mark says what a reader must not overlook: MarkWidens and the like, or empty.
	Mark string
}

// What a reader of a plan must not overlook.
const (
	MarkWidens = "widens rights"
	MarkMoves  = "moves the region"
	MarkMode   = "changes the mode"
)

// Document is a value of many lines, such as a policy or a values file. It is marshalled to JSON as the object that it is, and Lines
// are what a person compares.
type Document interface{ Lines() []string }
