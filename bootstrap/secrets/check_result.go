package secrets

import (
	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/check"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
)

// CheckResult is what secrets check found, and the document that -o json prints for it.
type CheckResult struct {
	Result

	Account    string    `json:"account"`
	Region     string    `json:"region"`
	ReadAs     string    `json:"readAs"` // ARN of who read
	AsOperator bool      `json:"asOperator"`
	NamesOnly  bool      `json:"namesOnly"`
	Secrets    []Checked `json:"secrets"` // those of list, with what was found
}

// Checked is one secret, with what Secrets Manager has under its name.
type Checked struct {
	Secret

	State    reading.State `json:"state"`              // readable, missing, scheduled-for-deletion, no-such-version, denied, kms-denied or bad-name
	AsCaller reading.State `json:"asCaller,omitempty"` // what the caller sees, where the operator's credentials were used
	Binary   bool          `json:"binary"`
	Findings []Finding     `json:"findings"` // the gravest first
}

// Finding is one thing that is wrong with a secret.
type Finding struct {
	State    check.State   `json:"state"`
	Severity gen3.Severity `json:"severity"`
	Blocks   bool          `json:"blocksSync"`         // the operator writes no Secret because of it
	Property string        `json:"property,omitempty"` // or key; all of it else
	Message  string        `json:"message"`
	Nearest  string        `json:"nearest,omitempty"`
	Hint     string        `json:"hint"`
	Readers  []Reader      `json:"readers"` // whom it hits
}

// NewCheckResult is the document of a run that has found nothing yet.
func NewCheckResult(s bootstrap.Settings) CheckResult {
	return CheckResult{Result: NewResult("secrets check"), Account: s.Account, Region: s.Region, Secrets: []Checked{}}
}

// StopsPods reports whether pods do not start for something that was found.
func (r CheckResult) StopsPods() bool { return r.Count(gen3.StopsPods) > 0 }

// Count is how many secrets have something wrong of that severity, and nothing graver.
func (r CheckResult) Count(s gen3.Severity) int {
	n := 0
	for _, c := range r.Secrets {
		if len(c.Findings) > 0 && c.Findings[0].Severity == s {
			n++
		}
	}
	return n
}

// add puts a secret into the document.
func (r *CheckResult) add(s Secret, seen seen, found []check.Finding) {
	c := Checked{Secret: s, State: seen.by.State, AsCaller: seen.own.State, Binary: seen.known().Value.Binary, Findings: []Finding{}}
	for _, f := range found {
		c.Findings = append(c.Findings, Finding{
			State: f.State, Severity: f.Severity, Blocks: f.Blocks, Property: f.At, Message: f.Says, Nearest: f.Near, Hint: f.Cure, Readers: readersOf(f.By),
		})
	}
	r.Secrets = append(r.Secrets, c)
}
