package verify

import (
	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// State is how a layer is.
type State string

// What a layer can be.
const (
	OK       State = "ok"
	Warning  State = "warning" // Gen3 can do with it; --strict cannot
	Failed   State = "failed"
	NotTried State = "not-tried" // something that it rests on failed
)

// Result is what verify found, and the document that -o json prints for it.
type Result struct {
	Command         string              `json:"command"`
	Account         string              `json:"account"`
	Region          string              `json:"region"`
	Partition       string              `json:"partition"`
	Caller          string              `json:"caller"` // ARN of who signed in to AWS
	Cluster         bootstrap.Cluster   `json:"cluster"`
	Namespace       string              `json:"namespace"`
	NamespaceFrom   string              `json:"namespaceFrom,omitempty"` // flag, environment or context
	Recorded        bool                `json:"recorded"`                // an up has been run for the namespace, and its record says with which names
	Mode            string              `json:"mode"`                    // keys, global-user, irsa or irsa+global-user
	Verified        bool                `json:"verified"`                // nothing failed; under --strict nothing is a warning either
	Layers          []Layer             `json:"layers"`                  // in the order in which they were tried
	Warnings        []bootstrap.Warning `json:"warnings"`
	Errors          []bootstrap.Problem `json:"errors"`
	DurationSeconds float64             `json:"durationSeconds"`
}

// Layer is one thing that has to be well.
type Layer struct {
	Name    string   `json:"layer"`
	State   State    `json:"state"`
	RestsOn []string `json:"restsOn"` // layers that have to be well before it is tried
	Reason  string   `json:"reason"`
	Hints   []string `json:"hints"`
	Objects []Object `json:"objects"` // that it is about, where it is about several
}

// Object is one store or ExternalSecret.
type Object struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	State  State    `json:"state"`
	Reason string   `json:"reason"`
	Hints  []string `json:"hints"`
}

// NewResult is the document of a run that has found nothing yet.
func NewResult(s bootstrap.Settings) Result {
	return Result{
		Command: "verify", Account: s.Account, Region: s.Region, Namespace: s.Namespace,
		Layers: []Layer{}, Warnings: []bootstrap.Warning{}, Errors: []bootstrap.Problem{},
	}
}
