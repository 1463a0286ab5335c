package accesskey

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Info is what IAM tells of one access key.
type Info struct {
	ID       string
	UserName string
	Active   bool
	Created  time.Time
	LastUsed time.Time // zero: never, or not known
	Unread   bool      // the last use may not be read
	Service  string    // that it was last used for
	Owner    string    // "<cluster>/<namespace>" by its tag on the user; "" for nobody known
	Ours     bool      // it was made for this owner
}

// Keys are the user's keys as the last Observe saw them, with their last uses; without those, and with an error, where
// only they may not be read.
func (k *Up) Keys(ctx context.Context) ([]Info, error) {
	useErr := readUse(ctx, k.AWS, k.view.keys)
	d := decision{v: k.view, r: keyRules{owner: k.Owner, userName: k.Lookup.UserName}}
	out := make([]Info, 0, len(k.view.keys))
	for _, key := range k.view.keys {
		out = append(out, Info{
			ID: key.ID, UserName: k.Lookup.UserName, Active: key.Active, Created: key.Created,
			LastUsed: key.Use.At, Service: key.Use.Service, Owner: k.view.tagged(key.ID), Ours: d.ours(key.ID), Unread: useErr != nil,
		})
	}
	return out, useErr
}

// Mint is the making of a key that was announced on a user and has not come to its end.
type Mint struct {
	UserName          string
	Started, Deadline time.Time // AWS's time
}

// OpenMint is this owner's announced mint as the last Observe saw it, nil when there is none.
func (k *Up) OpenMint() *Mint {
	own := k.view.intentOf(k.Owner.String())
	if own == nil {
		return nil
	}
	return &Mint{UserName: k.Lookup.UserName, Started: own.started, Deadline: own.deadline}
}

// ListedKeys are the user's keys where Observe came to nothing, since something else may not be read: whose they are is
// not known then.
func (k *Up) ListedKeys(ctx context.Context) (infos []Info, err error) {
	k.view = keyView{}
	if k.view.keys, err = listKeys(ctx, k.AWS, k.Lookup.UserName); err != nil {
		return nil, err
	}
	return k.Keys(ctx)
}

// Find finds a key of whatever user by its id; nil when the account has none of that id.
func Find(ctx context.Context, a *iamsetup.AWS, id string) (*Info, error) {
	use, user, err := lastUseOf(ctx, a, id)
	if err != nil || user == "" {
		return nil, err
	}
	keys, err := listKeys(ctx, a, user)
	view := keyView{keys: keys}
	if k := view.listed(id); k != nil {
		return &Info{ID: id, UserName: user, Active: k.Active, Created: k.Created, LastUsed: use.At, Service: use.Service}, nil
	}
	return nil, err // deleted between the two calls, where there is none
}

func (d *decision) block(resource plan.Resource, reason, cure string, more ...string) {
	d.blocks = append(d.blocks, plan.Change{Step: Step, Resource: resource, Action: plan.Blocked, Reason: reason, Hint: cure, More: more})
}

func (d *decision) describeAll() string {
	out := make([]string, 0, len(d.v.keys))
	for _, k := range d.v.keys {
		out = append(out, k.ID+" ("+d.describe(k.ID)+")")
	}
	return strings.Join(out, ", ")
}

// describe says whose a key is, its age and its last use.
func (d *decision) describe(id string) string {
	k := d.v.listed(id)
	if k == nil {
		return "not listed"
	}
	parts := []string{iamsetup.Age(d.v.now.Sub(k.Created)) + " old"}
	if !k.Active {
		parts = append(parts, "inactive")
	}
	if owner := d.v.tagged(id); owner != "" {
		parts = append(parts, "held by "+owner)
	} else {
		parts = append(parts, "holder unknown")
	}
	switch {
	case k.Unread:
		parts = append(parts, "last use not known")
	case k.Use.At.IsZero():
		parts = append(parts, "never used")
	default:
		parts = append(parts, fmt.Sprintf("last used for %s %s ago", k.Use.Service, iamsetup.Age(d.v.now.Sub(k.Use.At))))
	}
	return strings.Join(parts, ", ")
}

// kubectl is the command that does something to a Secret, given as "namespace/name".
func kubectl(secret, verb string, options ...string) string {
	namespace, name, _ := strings.Cut(secret, "/")
	return hint.Command(append([]string{"kubectl", "-n", namespace, verb, "secret", name}, options...)...)
}
