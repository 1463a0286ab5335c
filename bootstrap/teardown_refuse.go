package bootstrap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// takes is what the planned changes take away of what stores stand on.
func (t *teardown) takes() taken {
	var out taken
	account := func(r roleName) {
		for _, who := range r.trusted {
			out.accounts = addOnce(out.accounts, accountOf(who.Subject))
		}
	}
	for _, e := range t.all {
		if !e.pending() {
			continue
		}
		for _, c := range e.planned {
			switch {
			case c.Step == HelmStep && c.Action == plan.Delete && strings.HasPrefix(c.Resource, "helm-release/"):
				out.operator = true
			case c.Step == HelmStep && c.Action == plan.Delete && strings.HasPrefix(c.Resource, "customresourcedefinition/"):
				out.crds = true
			case c.Action == plan.Delete && slices.Contains([]string{iamsetup.KeyStep, iamsetup.UserStep, iamsetup.PolicyStep}, c.Step):
				for _, name := range t.names.secrets {
					out.secrets = addOnce(out.secrets, t.target.settings.Namespace+"/"+name)
				}
			}
			losesRole := c.Step == iamsetup.RoleStep && plan.Pending([]plan.Change{c}) ||
				c.Action == plan.Delete && (c.Step == iamsetup.PolicyStep || c.Step == iamsetup.ProviderStep)
			if losesRole {
				for _, role := range t.names.roles {
					account(role)
				}
			}
		}
	}
	return out
}

// accountOf turns a token's subject into "namespace/name".
func accountOf(subject string) string {
	return strings.Replace(strings.TrimPrefix(subject, "system:serviceaccount:"), ":", "/", 1)
}

// refusal ends a run that would cost more than what is torn down.
func (t *teardown) refusal() error {
	if t.options.Force || len(t.blast.parts) == 0 && len(t.blast.unread) == 0 {
		return nil
	}
	for _, err := range t.blast.unread {
		_ = t.fail(blastStep, hint.With(fmt.Errorf("it is not known what would be lost: %w", err), joinLines(hint.Of(err), "--force goes on without knowing")))
	}
	if len(t.blast.parts) == 0 {
		return ErrFailed
	}
	objects, secrets := t.blast.total()
	texts := make([]string, 0, len(t.blast.parts))
	for _, p := range t.blast.parts {
		texts = append(texts, p.resource()+": "+p.String())
	}
	what := counted(objects, "object") + " of External Secrets"
	if secrets > 0 {
		what += " and " + counted(secrets, "Secret") + " that they own"
	}
	err := fmt.Errorf("%s would be %s; %s", what, t.blast.fate(), strings.Join(texts, "; "))
	return t.fail(blastStep, hint.With(err, t.refusalHint()))
}

func (t *teardown) refusalHint() string {
	if t.blast.crds {
		return "uninstall what made them first; --force deletes them all\nwithout --delete-crds they and their Secrets stay, under --force as well"
	}
	return "uninstall what made them first (such as the gen3 release); --force goes on: they and their Secrets stay as they are, and are refreshed no more"
}

func joinLines(lines ...string) string {
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}
