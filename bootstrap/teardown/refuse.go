package teardown

import (
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// refusal ends a run that would cost more than what is torn down.
func (t *teardown) refusal() error {
	if t.options.Force || len(t.blast.parts) == 0 && len(t.blast.unread) == 0 {
		return nil
	}
	for _, err := range t.blast.unread {
		_ = t.Fail(blastStep, hint.With(fmt.Errorf("it is not known what would be lost: %w", err), append(hint.Lines(err), "--force goes on without knowing")...))
	}
	if len(t.blast.parts) == 0 {
		return bootstrap.ErrFailed
	}
	objects, secrets := t.blast.total()
	texts := make([]string, 0, len(t.blast.parts))
	for _, p := range t.blast.parts {
		texts = append(texts, p.resource().String()+": "+p.describe(t.naming()))
	}
	what := words.Counted(objects, "object") + " of External Secrets"
	if secrets > 0 {
		what += " and " + words.Counted(secrets, "Secret") + " that they own"
	}
	err := fmt.Errorf("%s would be %s; %s", what, t.blast.fate(), t.naming().Joined(texts, "; "))
	return t.Fail(blastStep, hint.With(err, append(t.refusalHint(), t.allHint(objects+secrets))...))
}

func (t *teardown) naming() words.List { return words.List{All: t.Settings.All} }

// allHint says how to see what is not named, where some of so many may not be.
func (t *teardown) allHint(many int) string {
	if t.Settings.All || many <= words.Most {
		return ""
	}
	return "--all names all of them"
}

func (t *teardown) refusalHint() []string {
	if t.blast.crds {
		return []string{"uninstall what made them first; --force deletes them all", "without --delete-crds they and their Secrets are kept, under --force as well"}
	}
	return []string{"uninstall what made them first (such as the gen3 release)", "--force goes on: they and their Secrets are kept as they are, and are not refreshed any more"}
}
