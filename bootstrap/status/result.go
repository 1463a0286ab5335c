package status

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Result is what status found, and the document that -o json prints for it. What could not be read is in Unread,
// and the fields that it would have filled are empty.
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
	Settings        string              `json:"settings"`                // the command line of an up that goes on by what is recorded and given
	Drift           bool                `json:"drift"`                   // an up with the recorded settings would change something, or refuse
	Resources       []Resource          `json:"resources"`               // in the order of the steps
	Counts          plan.Counts         `json:"counts"`                  // of the resources, by what an up would do
	Keys            []Key               `json:"keys"`
	Secrets         []Secret            `json:"secrets"`
	Release         *Release            `json:"release"` // null: none is known
	Role            *Role               `json:"role"`    // null: none, or none in this mode
	Lock            *Lock               `json:"lock"`    // null: nobody holds it
	OpenMints       []Mint              `json:"openMints"`
	Objects         []Object            `json:"objects"` // SecretStores, ExternalSecrets and PushSecrets of the namespace
	Unread          []bootstrap.Problem `json:"unread"`
	Warnings        []bootstrap.Warning `json:"warnings"`
	Errors          []bootstrap.Problem `json:"errors"`
	DurationSeconds float64             `json:"durationSeconds"`
}

// NewResult is the document of a run that has found nothing yet.
func NewResult(s bootstrap.Settings) Result {
	return Result{
		Command: "status", Account: s.Account, Region: s.Region, Namespace: s.Namespace,
		Resources: []Resource{}, Keys: []Key{}, Secrets: []Secret{}, OpenMints: []Mint{}, Objects: []Object{},
		Unread: []bootstrap.Problem{}, Warnings: []bootstrap.Warning{}, Errors: []bootstrap.Problem{},
	}
}

// Well reports whether nothing differs and all that was looked at does what it is for.
func (r Result) Well() bool {
	ill := func(o Object) bool { return o.Ready != "True" }
	unwell := func(c Resource) bool { return c.Unwell }
	return !r.Drift && !slices.ContainsFunc(r.Objects, ill) && !slices.ContainsFunc(r.Resources, unwell)
}

// Resource is one thing that up makes: what an up would do to it, and whose it is.
type Resource struct {
	plan.Change

	Ours   bool     `json:"ours"`   // it carries gen3-bootstrap's mark; false also where that is not known
	Owners []string `json:"owners"` // whom an IAM resource was made for, each as "<cluster>/<namespace>"
}

// MarshalJSON writes what the change is, and beside it whose.
func (r Resource) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plan.Document

		Ours   bool     `json:"ours"`
		Owners []string `json:"owners"`
	}{r.Document(), r.Ours, r.Owners})
}

// UnmarshalJSON reads it back.
func (r *Resource) UnmarshalJSON(text []byte) error {
	var whose struct {
		Ours   bool     `json:"ours"`
		Owners []string `json:"owners"`
	}
	if err := errors.Join(json.Unmarshal(text, &r.Change), json.Unmarshal(text, &whose)); err != nil {
		return err
	}
	r.Ours, r.Owners = whose.Ours, whose.Owners
	return nil
}

// Key is one access key of the user, or the one that the global user's Secret holds.
type Key struct {
	ID         string     `json:"id"`
	User       string     `json:"user"`
	Active     bool       `json:"active"`
	Created    time.Time  `json:"created"`
	AgeSeconds int64      `json:"ageSeconds"`
	LastUsed   *time.Time `json:"lastUsed"`      // null: never, or lastUseUnread
	UseUnread  bool       `json:"lastUseUnread"` // when it was last used may not be read
	Service    string     `json:"service"`       // that it was last used for
	Owner      string     `json:"owner"`         // "<cluster>/<namespace>", "" where nobody is known
	InUse      bool       `json:"inUse"`         // a Secret holds it
	Ours       bool       `json:"ours"`          // it was made for this namespace
	Secrets    []string   `json:"secrets"`       // "namespace/name" of those that hold it
}

// Secret is a Secret that holds a key, or is to.
type Secret struct {
	Name     string `json:"name"` // "namespace/name"
	Exists   bool   `json:"exists"`
	Ours     bool   `json:"ours"`
	Keeper   string `json:"keeper,omitempty"` // who else writes it
	KeyID    string `json:"keyId"`
	Complete bool   `json:"complete"` // its three entries fit its key
}

// Release is the release that runs the operator.
type Release struct {
	Name            string   `json:"name"`
	Namespace       string   `json:"namespace"`
	NamespaceFrom   string   `json:"namespaceFrom,omitempty"` // flag, environment or context
	ChartVersion    string   `json:"chartVersion"`
	OperatorVersion string   `json:"operatorVersion"`
	Revision        int      `json:"revision"`
	State           string   `json:"state"` // in-sync, drifted, failed, elsewhere, …
	Ours            bool     `json:"ours"`
	Available       bool     `json:"available"` // an operator's Deployment is
	Operators       []string `json:"operators"` // all that run, in words
	ServedVersions  []string `json:"servedApiVersions"`
	Webhook         string   `json:"webhook"`      // answers, unreachable, none or unknown
	WebhookCause    string   `json:"webhookCause"` // why it is unreachable or unknown, in the API server's words
}

// Role is the role of --irsa with its trust.
type Role struct {
	ARN             string   `json:"arn"`
	Trusts          []string `json:"trusts"`          // "<issuer> system:serviceaccount:<namespace>:<name>"
	OtherStatements int      `json:"otherStatements"` // of the trust policy, which this tool did not write
}

// Lock is who holds the lock.
type Lock struct {
	Holder  string    `json:"holder"`
	Renewed time.Time `json:"renewed"`
	Expires time.Time `json:"expires"` // unless it is renewed: a run that was killed holds the lock until then
}

// Mint is the making of a key that has not come to its end.
type Mint struct {
	User     string    `json:"user"`
	Started  time.Time `json:"started"`
	Deadline time.Time `json:"deadline"`
}

// Object is one object of External Secrets.
type Object struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Ready  string `json:"ready"`  // True, False or Unknown; "" when the operator has said nothing
	Reason string `json:"reason"` // why it is not ready, from its newest event where there is one
	Hint   string `json:"hint"`   // what can be done, where the reason tells
}
