// Package credential holds the words in which IAM's side and Kubernetes' side of an access key speak to each other:
// the key itself, and what a Secret was seen to hold.
package credential

import (
	"errors"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// ErrUnclear means that a write of a key may or may not have taken effect, and that asking did not settle it. The key
// must then be neither deleted nor forgotten; the next run sees what became of it.
var ErrUnclear = errors.New("it is not known whether the write took effect")

// The entries of a key's Secret: the first two are what gen3's SecretStore reads, the third is the AWS credentials
// file that fence usersync and the proxies mount (gen3-helm, helm/fence and helm/aws-es-proxy).
const (
	EntryKeyID       = "access-key"
	EntryKeySecret   = "secret-access-key"
	EntryCredentials = "credentials"
)

// Key is an AWS access key. The zero Key is none.
type Key struct {
	ID     string // AKIA…; not secret
	Secret redact.String
}

// Held is what one Kubernetes Secret was seen to hold.
type Held struct {
	Name        string // "namespace/name"
	Exists      bool
	Ours        bool   // carries our label: it may be written, and its key still has to be proved
	Keeper      string // who else writes it, such as "Helm release gen3/gen3" or "ExternalSecret x"; "" for nobody known
	LetGo       string // what to change so that the keeper lets it go, as an imperative
	Immutable   bool
	Terminating bool     // it is being deleted, and goes once its finalizers are off
	Spare       bool     // an earlier up named it, and this one does not: it is read, and never written
	Key         Key      // zero when its entries are no access key
	Complete    bool     // all three entries are there and agree
	Noted       bool     // it says of this very key that it was proved; anybody who may write the Secret can forge that
	Lacks       []string // of the three entries, those that are not there or empty
	Empty       bool     // exists without any data
	Created     time.Time
}

// Copy is a Secret beside those that are kept that has a key in it.
type Copy struct {
	Name   string // "namespace/name"
	InForm bool   // in the entries of a Secret of ours; else somewhere in the text of another one, or of a Helm release's values
}

// Reader is a workload whose pods read a Secret when they start, and then never again.
type Reader struct {
	Name     plan.Resource
	How      string // such as "environment of container fence"
	Restarts bool   // it can be restarted; else its pods end by themselves, or somebody deletes them
	Command  string // that starts its pods anew
}
