package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Agreement is a plan that somebody agreed to: a run does exactly that, or nothing. It is compared with what is seen, and nothing in it is
// believed.
type Agreement struct {
	Account   string        `json:"account"`
	Region    string        `json:"region"`
	Cluster   string        `json:"cluster"` // UID of kube-system
	Namespace string        `json:"namespace"`
	Changes   []plan.Change `json:"changes"`
}

// AgreementOf is what a plan asks to be agreed to.
func AgreementOf(r Result) *Agreement {
	return &Agreement{Account: r.Account, Region: r.Region, Cluster: r.Cluster.ID, Namespace: r.Namespace, Changes: slices.DeleteFunc(slices.Clone(r.Changes), idle)}
}

func idle(c plan.Change) bool { return c.Action == plan.None }

// differs names what is another now than it was agreed to.
func (a *Agreement) differs(r Result) []string {
	now := AgreementOf(r)
	var out []string
	for _, x := range [][3]string{
		{"account", a.Account, now.Account}, {"region", a.Region, now.Region}, {"cluster", a.Cluster, now.Cluster}, {"namespace", a.Namespace, now.Namespace},
	} {
		if x[1] != x[2] {
			out = append(out, fmt.Sprintf("%s is %s and was %s", x[0], x[2], x[1]))
		}
	}
	key := func(c plan.Change) string { return c.Step + " " + c.Resource.String() }
	was := map[string]plan.Change{}
	for _, c := range a.Changes {
		was[key(c)] = c
	}
	for _, c := range now.Changes {
		before, known := was[key(c)]
		delete(was, key(c))
		switch {
		case !known:
			out = append(out, fmt.Sprintf("%s %s is new", c.Action, c.Resource))
		case before.Action != c.Action:
			out = append(out, fmt.Sprintf("%s would be to %s, and was to %s", c.Resource, c.Action, before.Action))
		case fieldsText(before) != fieldsText(c):
			out = append(out, fmt.Sprintf("%s %s would be another one", c.Action, c.Resource))
		}
	}
	for _, c := range a.Changes {
		if _, gone := was[key(c)]; gone {
			out = append(out, fmt.Sprintf("%s %s is not to be done any more", c.Action, c.Resource))
		}
	}
	return out
}

func fieldsText(c plan.Change) string {
	text, _ := json.Marshal(c.Fields) // texts, lists and maps of texts
	return string(text)
}

// keepTo refuses what nobody agreed to.
func (r *Run) keepTo(a *Agreement) error {
	if a == nil {
		return nil
	}
	seen := r.Result
	for _, c := range r.made { // the namespace, which was to be made and is there by now
		seen.Changes = append([]plan.Change{c}, slices.DeleteFunc(slices.Clone(seen.Changes), func(x plan.Change) bool { return x.Resource == c.Resource })...)
	}
	differs := a.differs(seen)
	if len(differs) == 0 {
		return nil
	}
	return hint.Coded(hint.With(fmt.Errorf("keep to the plan: since it was made, something changed: %s", words.Few(differs)), "make a new plan, and look at it"), "plan-outdated")
}

// agree shows a person at a terminal the plan, and asks where something of it changes or takes away what is there. Creations are not asked
// about, and without a terminal nothing is: whoever has none has looked at the plan before.
func (r *Run) agree(ctx context.Context) error {
	grave := func(c plan.Change) bool {
		return c.Action == plan.Update || c.Action == plan.Delete || c.Action == plan.Adopt
	}
	if r.Settings.Agreed != nil || r.Settings.Yes || r.Env.Confirm == nil || r.rotation != nil || !slices.ContainsFunc(r.Result.Changes, grave) {
		return nil
	}
	shown := r.Result
	yes, err := r.Env.Confirm(ctx, Question{Plan: &shown, Want: "yes"})
	switch {
	case err != nil:
		return fmt.Errorf("confirm %s: %w", r.command, err)
	case !yes:
		r.Result.Cancelled = true
		return hint.Coded(errors.New(r.command+" cancelled: nothing was written"), "cancelled")
	}
	r.agreed = AgreementOf(r.Result)
	return nil
}
