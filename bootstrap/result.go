package bootstrap

import (
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Result is what a run found and did, and the document that -o json prints for up, plan and teardown. It is
// filled as far as the run came, also when that ended in an error.
type Result struct {
	Command         string        `json:"command"`
	Account         string        `json:"account"`
	Region          string        `json:"region"`
	Partition       string        `json:"partition"`
	Cluster         Cluster       `json:"cluster"`
	Namespace       string        `json:"namespace"`
	Changed         bool          `json:"changed"` // for plan: changes are pending
	Changes         []plan.Change `json:"changes"` // in the fixed order of the steps
	Outputs         Outputs       `json:"outputs"`
	Warnings        []string      `json:"warnings"`
	Errors          []Problem     `json:"errors"`
	DurationSeconds float64       `json:"durationSeconds"`
}

// Cluster says which cluster a run spoke to.
type Cluster struct {
	Context string `json:"context"` // name in the kubeconfig
	Server  string `json:"server"`  // URL of the API server
	ID      string `json:"id"`      // UID of the namespace kube-system
}

// Outputs are the names that the next tool needs; fields that a mode does not make stay empty.
type Outputs struct {
	PolicyARN   string   `json:"policyArn,omitempty"`
	UserARN     string   `json:"userArn,omitempty"`
	AccessKeyID string   `json:"accessKeyId,omitempty"`
	Secrets     []string `json:"secrets,omitempty"` // "namespace/name"
	RoleARN     string   `json:"roleArn,omitempty"`
	Release     *Release `json:"release,omitempty"`
}

// Release is the Helm release that runs External Secrets Operator.
type Release struct {
	Name         string `json:"name"`
	Namespace    string `json:"namespace"`
	ChartVersion string `json:"chartVersion"`
	Revision     int    `json:"revision"`
}

// Problem is one thing that went wrong or stands in the way.
type Problem struct {
	Step    string `json:"step,omitempty"` // empty when no step is concerned
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Code    string `json:"code,omitempty"` // what kind of problem it is, where that is known: access-denied, none-found, …
}

// ProblemOf turns an error into its place in the result.
func ProblemOf(step string, err error) Problem {
	return Problem{Step: step, Message: iamsetup.Plain(err), Hint: hint.Of(err)}
}
