package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/policy"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// leftovers are what the record says that earlier ups made and this one does not use: another mode made it, or it was
// given other names. It remains until it is torn down, since whoever changes over has to move the gen3 release in between.
// The record is only a hint: what IAM does not have, or has without this namespace's tag, is not told.
type leftovers struct {
	named   []leftover // what has to go first is first
	unasked string     // why IAM is not asked; "": it is
	all     bool       // each is told, however many there are
}

// leftover is one of them.
type leftover struct {
	what    string // such as "IAM user u"
	made    string // by which up
	removal string // when it may go, how, and what goes with it
	held    func(context.Context) (bool, error)

	seen bool  // IAM has it, and it is this namespace's
	err  error // why that is not known
}

// lookers is how many questions go to IAM at the same time, whose rate is limited.
const lookers = 8

// leftoversOf finds them in the record. The role's name in the settings is as it was given, or the default one.
func (t *Target) leftoversOf(before *Recorded, s Settings) *leftovers {
	out := &leftovers{all: s.All}
	switch {
	case !s.usesPolicy():
		out.unasked = "with --use-global-user IAM is not asked"
	case t.ClusterID == "":
		out.unasked = "without the cluster's id nobody can tell whose it is"
	}
	add := func(l leftover) {
		if !slices.ContainsFunc(out.named, func(other leftover) bool { return other.what == l.what }) {
			out.named = append(out.named, l)
		}
	}
	for _, m := range before.MadeOf(plan.IAMUser, s.Account) {
		if s.UsesKeys() && m.Name == s.UserName {
			continue
		}
		l := s.leftover("IAM user "+m.Name, s.UsesKeys(), m.Name, "--user-name", accesskey.Step, user.Step)
		l.removal += " and its access key" + s.sharedSecret(before.SecretsOf(m))
		l.held = func(ctx context.Context) (bool, error) { return user.Held(ctx, t.Aws.IAM, m.Name, t.Owner()) }
		add(l)
	}
	for _, m := range before.MadeOf(plan.IAMRole, s.Account) {
		if s.IRSA && m.Name == s.RoleName {
			continue
		}
		l := s.leftover("IAM role "+m.Name, s.IRSA, m.Name, "--role-name", role.Step)
		l.held = func(ctx context.Context) (bool, error) { return role.Held(ctx, t.Aws.IAM, m.Name, t.Owner()) }
		add(l)
	}
	for _, m := range before.MadeOf(plan.IAMPolicy, s.Account) {
		if s.usesPolicy() && m.Name == s.PolicyName {
			continue
		}
		arn := t.Account().PolicyARN(cmp.Or(m.Path, DefaultIAMPath), m.Name)
		l := s.leftover("IAM policy "+arn, s.usesPolicy(), m.Name, "--policy-name", policy.Step)
		l.held = func(ctx context.Context) (bool, error) { return policy.Held(ctx, t.Aws.IAM, arn, t.Owner()) }
		add(l)
	}
	return out
}

// leftover names the teardown of one thing; where this mode has a thing of its kind, the flag tells which of both.
func (s Settings) leftover(what string, renamed bool, name, flag string, steps ...string) leftover {
	words := []string{"teardown"}
	for _, step := range steps {
		words = append(words, "--only", step)
	}
	made, when := "an up in another mode", "once the gen3 release no longer uses it"
	if renamed {
		words = append(words, flag, name)
		made, when = "an earlier up", "once nothing uses it"
	}
	return leftover{what: what, made: made, removal: when + ", `" + s.Invocation().Command(words...) + "` removes it"}
}

// sharedSecret says which Secrets go with the user's key.
func (s Settings) sharedSecret(secrets []string) string {
	if !s.UseGlobalUser || len(secrets) == 0 {
		return ""
	}
	names := make([]string, 0, len(secrets))
	for _, name := range secrets {
		names = append(names, s.Namespace+"/"+name)
	}
	text := ", and with it those of the Secrets " + strings.Join(names, ", ") + " that hold that key"
	if slices.Contains(secrets, s.GlobalUserSecret) {
		text += fmt.Sprintf("; put the global user's key into %s/%s before", s.Namespace, s.GlobalUserSecret)
	}
	return text
}

// Look asks IAM for each. That it cannot tell is said with the leftover, and no failure.
func (l *leftovers) Look(ctx context.Context) {
	if l.unasked != "" {
		return
	}
	var group errgroup.Group
	group.SetLimit(lookers)
	for i := range l.named {
		group.Go(func() error {
			n := &l.named[i]
			n.seen, n.err = n.held(ctx)
			return nil
		})
	}
	_ = group.Wait() // none returns an error
}

// warnings tell of what is there, and of what may be.
func (l *leftovers) warnings() []string {
	var out []string
	for _, n := range l.named {
		switch {
		case l.unasked != "":
			out = append(out, n.maybe(l.unasked))
		case errors.Is(n.err, iamsetup.ErrDenied):
			out = append(out, n.maybe("the caller may not look"))
		case n.err != nil:
			out = append(out, n.maybe(iamsetup.Plain(n.err)))
		case n.seen:
			out = append(out, fmt.Sprintf("%s, which %s made, is still there: %s", n.what, n.made, n.removal))
		}
	}
	const few = 10
	if more := len(out) - few; more > 0 && !l.all {
		out = append(out[:few], fmt.Sprintf("earlier ups made, or may have made, %d more that this one does not use (--all names them)", more))
	}
	return out
}

func (n leftover) maybe(why string) string {
	return fmt.Sprintf("%s, which %s made as the record has it, may still be there (%s): %s", n.what, n.made, why, n.removal)
}
