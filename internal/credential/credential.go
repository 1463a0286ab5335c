// Package credential holds the words in which IAM's side and Kubernetes' side of an access key speak to each other:
// the key itself, what a Secret was seen to hold, and the intent of a mint.
package credential

import (
	"errors"
	"slices"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// ErrUnclear means that a write of a key may or may not have taken effect, and that asking did not settle it. The key
// must then be neither deleted nor forgotten; the next run sees what became of it.
var ErrUnclear = errors.New("it is not known whether the write took effect")

// Key is an AWS access key. The zero Key is none.
type Key struct {
	ID     string // AKIA…; not secret
	Secret redact.String
}

// Held is what one Kubernetes Secret was seen to hold.
type Held struct {
	Name      string // "namespace/name"
	Exists    bool
	Ours      bool   // carries our label
	Keeper    string // who else writes it, such as "Helm release gen3/gen3" or "ExternalSecret x"; "" for nobody known
	LetGo     string // what to change so that the keeper lets it go, as an imperative
	Immutable bool
	Spare     bool // an earlier up named it, and this one does not: it is read, and never written
	Key       Key  // zero when its entries are no access key
	Complete  bool // all three entries are there and agree
	Empty     bool // exists without any data
	Created   time.Time
	Version   string // resourceVersion, under which a write must go
}

// MintState says how far the making of a key came.
type MintState string

// A mint is open from the moment it is announced until its key is stored everywhere, or gone again.
const (
	MintOpen   MintState = "open"
	MintStored MintState = "stored"
	MintUndone MintState = "undone"
)

// Mint is the intent to make an access key, written down before the call goes out, and what became of it. It lets a
// later run tell a key that a killed run left from one that somebody else made.
type Mint struct {
	UserName string    `json:"userName"`
	UserID   string    `json:"userId"`          // AIDA…; a user made anew under the same name has another
	Existing []string  `json:"existing"`        // ids of the keys that the user had
	Started  time.Time `json:"started"`         // AWS's time, to the second
	Deadline time.Time `json:"deadline"`        // AWS's time; the call is not sent later
	KeyID    string    `json:"keyId,omitempty"` // once known
	State    MintState `json:"state"`
	Closed   time.Time `json:"closed,omitzero"` // AWS's time
}

// mintsKept is how many closed mints a record keeps.
const mintsKept = 10

// Trim drops the oldest closed mints beyond the ten that are kept; open ones always stay.
func Trim(mints []Mint) []Mint {
	closed := 0
	for _, m := range mints {
		if m.State != MintOpen {
			closed++
		}
	}
	return slices.DeleteFunc(slices.Clone(mints), func(m Mint) bool {
		if m.State == MintOpen || closed <= mintsKept {
			return false
		}
		closed--
		return true
	})
}
