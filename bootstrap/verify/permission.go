package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// denial is what is known of why reads were denied.
type denial struct {
	who      string
	rights   *principal.Rights // nil: the caller may not read them
	policy   string            // ARN of the policy that up makes; "" where it makes none
	origin   iamsetup.Origin   // by AWS's words, or IAM's simulation
	prefixes []string
	names    []string // of a policy for exact names
}

// permission: the operator's principal may read. AccessDenied and ResourceNotFound tell a right from none, so that no secret has to exist.
func (l *look) permission(ctx context.Context) finding {
	if l.cluster.objectsErr != nil {
		l.cluster.objects.Objects = nil // the layer of the stores tells of it
	}
	l.tryAll(ctx)
	for _, t := range l.trials {
		if t.err != nil {
			return l.unasked(t.err)
		}
	}
	denied := deniedIn(l.trials)
	if len(denied) == 0 {
		return judgePermission(l.trials, nil, denial{who: l.by.ARN}, l.invocation())
	}
	return judgePermission(l.trials, denied, l.explain(ctx, denied[0].answer.Denial), l.invocation())
}

// deniedIn are the reads that a policy denies. Where a secret that is needed may be read, a name that nobody has proves nothing.
func deniedIn(trials []trial) []trial {
	var out []trial
	for _, t := range trials {
		if t.answer.State == reading.Denied {
			out = append(out, t)
		}
	}
	read := slices.ContainsFunc(trials, func(t trial) bool { return t.purpose == required && t.answer.State == reading.Readable })
	if read {
		out = slices.DeleteFunc(out, func(t trial) bool { return t.purpose == probe })
	}
	return out
}

// explain asks with the caller's own rights what AWS's words do not tell.
func (l *look) explain(ctx context.Context, d iamsetup.Denial) denial {
	t, s := l.target, l.target.Settings
	out := denial{who: l.by.ARN, origin: d.Origin, prefixes: s.SecretPrefixes, names: s.ReadNames}
	if s.UsesKeys() || s.IRSA {
		out.policy = t.Account().PolicyARN(s.IAMPath, s.PolicyName)
	}
	if rights, err := principal.RightsOf(ctx, t.Aws.IAM, l.by.ARN); err == nil {
		out.rights = &rights
	}
	if out.origin == iamsetup.FromNothing && d.Resource != "" {
		doubts, err := t.Aws.Simulate(ctx, iamsetup.Caller{ARN: l.by.ARN}, []iamsetup.Call{{Action: d.Action, Resource: d.Resource}}, "")
		if err == nil && len(doubts) > 0 {
			out.origin = doubts[0].Origin
		}
	}
	return out
}

func judgePermission(trials, denied []trial, d denial, by hint.Invocation) finding {
	for _, t := range trials {
		if t.answer.Credentials() {
			return failed(fmt.Sprintf("Secrets Manager does not take the credentials of %s, and STS does: %s", d.who, t.answer.Says), "new credentials take some seconds: run it again; --wait does")
		}
	}
	if len(denied) > 0 {
		return judgeDenial(denied, d, by)
	}
	for _, t := range trials {
		switch {
		case t.purpose != canary:
		case t.answer.State == reading.Readable:
			return ok(fmt.Sprintf("%s reads canary %s", d.who, t.name))
		case t.answer.State != reading.KeyDenied:
			return warning(fmt.Sprintf("%s may read canary %s, and cannot: %s", d.who, t.name, t.answer.Says), "name a secret that is there with --canary")
		}
	}
	return ok(d.who + " may read secrets")
}

func judgeDenial(denied []trial, d denial, by hint.Invocation) finding {
	var names []string
	probed := true
	for _, t := range denied {
		if t.purpose != probe {
			names, probed = append(names, t.name), false
		}
	}
	what := fmt.Sprintf("%s may not read %s", d.who, words.Few(names))
	if probed {
		what = d.who + " may not read secrets"
	}
	why, cures := d.because(names, by)
	return failed(what+": "+why, cures...)
}

// because says which policy is missing or in the way.
func (d denial) because(names []string, by hint.Invocation) (string, []string) {
	outside := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.Contains(d.names, name) || slices.ContainsFunc(d.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
	const action = "secretsmanager:GetSecretValue"
	switch {
	case d.origin == iamsetup.FromBoundary:
		which := "its permissions boundary"
		if d.rights != nil && d.rights.Boundary != "" {
			which += " " + d.rights.Boundary
		}
		return which + " does not allow " + action, []string{"ask whoever set the boundary to allow " + action + " in it, or take another one: " + by.Command("up", "--permissions-boundary", "ARN")}
	case d.origin != iamsetup.FromNothing:
		return "it is denied by " + string(d.origin), d.origin.Cures(action)
	case d.policy == "":
		return "no policy of it allows " + action, []string{"whoever keeps the user has to allow " + action + " on these secrets"}
	case d.rights != nil && !slices.Contains(d.rights.Attached, d.policy):
		return "policy " + d.policy + " is not attached to it", []string{by.Command("up") + " attaches it"}
	case len(d.names) > 0 && len(outside) > 0:
		return fmt.Sprintf("the policy is for %s that up found in values files, and for no other", words.Counted(len(d.names), "name")),
			[]string{by.Command("up") + " with the values that the deployment has now finds them anew; or correct the names in the gen3 chart's values"}
	case len(d.prefixes) > 0 && len(outside) > 0:
		args := []string{"up"}
		for _, prefix := range append(slices.Clone(d.prefixes), outside...) {
			args = append(args, "--secret-prefix", prefix)
		}
		return fmt.Sprintf("the policy is for names that begin with %s alone", list(d.prefixes)), []string{by.Command(args...) + " lets it read these as well; or correct the names in the gen3 chart's values"}
	}
	return "no policy of it allows " + action + " there", []string{by.Command("up") + " puts the policy right"}
}
