package iamsetup

import (
	"errors"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/uc-cdis/gen3-bootstrap/internal/cause"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Origin is which policy keeps a caller from something.
type Origin string

// Where a denial may come from, as AWS words it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
const (
	FromOrganization Origin = "the organisation (a service or resource control policy)"
	FromBoundary     Origin = "the caller's permissions boundary"
	FromSession      Origin = "the policy of the caller's session"
	FromEndpoint     Origin = "the policy of a VPC endpoint"
	FromPolicy       Origin = "a policy that denies it"
	FromResource     Origin = "the policy of the resource itself"
	FromNothing      Origin = "no policy that allows it"
)

// Denial is what AWS says of a refusal.
type Denial struct {
	Action   string // such as "secretsmanager:GetSecretValue"; "" where AWS does not name it
	Resource string // ARN, "" where AWS does not name it
	Origin   Origin
	Message  string // AWS's words, fit for one line
}

// DenialIn reads what a refusal says; ok is false for other errors.
func DenialIn(err error) (d Denial, ok bool) {
	if !IsDenied(err) {
		return Denial{}, false
	}
	api, _ := errors.AsType[smithy.APIError](err)
	d = Denial{Origin: originIn(api.ErrorMessage()), Message: printable.Line(api.ErrorMessage())}
	if found := deniedAction.FindStringSubmatch(d.Message); found != nil {
		d.Action = found[1]
	}
	if found := deniedResource.FindStringSubmatch(d.Message); found != nil {
		d.Resource = found[1]
	}
	return d, true
}

// CodeDenied is the code of a denial in a result.
const CodeDenied = "access-denied"

var (
	deniedAction   = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z0-9*]+)`)
	deniedResource = regexp.MustCompile(`on resource: (arn:\S+)`)
)

// originIn reads the message of a denial. AWS has no field for it.
func originIn(message string) Origin {
	has := func(texts ...string) bool {
		for _, text := range texts {
			if strings.Contains(message, text) {
				return true
			}
		}
		return false
	}
	switch {
	case has("service control policy", "resource control policy"):
		return FromOrganization
	case has("permissions boundary"):
		return FromBoundary
	case has("session policy"):
		return FromSession
	case has("VPC endpoint policy"):
		return FromEndpoint
	case has("resource-based policy"):
		return FromResource
	case has("explicit deny"):
		return FromPolicy
	}
	return FromNothing
}

// Cures say what can be done about a denial of an action, "" for one that is not known.
func (o Origin) Cures(action string) []string {
	keys := action == "iam:CreateUser" || action == "iam:CreateAccessKey" || action == "iam:AttachUserPolicy"
	creates := action == "iam:CreateUser" || action == "iam:CreateRole"
	var out []string
	switch o {
	case FromOrganization, FromPolicy:
		if keys {
			out = append(out, "where users and access keys are forbidden: --irsa takes a role without a key, --use-global-user a key that somebody else keeps")
		}
		if creates {
			out = append(out, "where only bounded users and roles may be made: --permissions-boundary ARN")
		}
		if len(out) == 0 {
			out = append(out, "ask whoever keeps the account's policies for an exception")
		}
	case FromBoundary:
		out = append(out, "ask whoever set the boundary of the caller's user or role to widen it, or use other credentials with --profile")
	case FromSession:
		out = append(out, "the session was opened with a policy of its own: open one without it, or with "+action+" in it")
	case FromEndpoint:
		out = append(out, "ask whoever keeps the VPC endpoint to allow it, or use another network")
	case FromResource:
		out = append(out, "ask whoever owns the resource to change its policy")
	case FromNothing:
		out = append(out, "give the caller "+action+"; Permissions in the README lists what a run needs")
	}
	return out
}

func deniedExplanation() explanation {
	return explanation{
		name: CodeDenied,
		applies: func(m *met) bool {
			return m.signIn == nil && (m.code == "AccessDenied" || m.code == "AccessDeniedException")
		},
		says: func(m *met) cause.Cause {
			action := ""
			if found := deniedAction.FindStringSubmatch(m.message); found != nil {
				action = found[1]
			}
			return cause.Cause{Text: m.code + ": " + printable.Line(m.message), Cures: originIn(m.message).Cures(action)}
		},
	}
}
