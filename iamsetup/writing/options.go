package writing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Options are what an operator allows beyond creating what is missing.
type Options struct {
	Only      []string // names; empty: every item
	Overwrite []string // names of secrets whose value may be written over
	Restore   bool     // what is scheduled for deletion may be taken back
	KMSKey    string   // that new secrets are encrypted with: an ARN, an id or an alias; "" is the account's own key of Secrets Manager
}

// Choose picks the items that are wanted. The error names what is asked for and not among them.
func (o Options) Choose(items []Item) ([]Item, error) {
	var errs []error
	names := make([]string, 0, len(items))
	for _, i := range items {
		names = append(names, i.Name)
	}
	unknown := func(flag string, asked []string) {
		for _, name := range asked {
			if !slices.Contains(names, name) {
				errs = append(errs, hint.With(fmt.Errorf("check %s %s: there is nothing to write under that name", flag, name), "there is: "+strings.Join(names, ", ")))
			}
		}
	}
	unknown("--only", o.Only)
	unknown("--overwrite", o.Overwrite)
	if len(o.Only) == 0 {
		return items, errors.Join(errs...)
	}
	return slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return !slices.Contains(o.Only, i.Name) }), errors.Join(errs...)
}
