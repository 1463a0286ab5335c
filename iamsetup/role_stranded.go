package iamsetup

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// stranded reports that the role is shared by its tags, while its trust policy lets in this owner alone: IAM takes no
// policy without a statement, so that this owner can only be let out with the role. A cluster that was built anew leaves
// such a role, as its owner of before has a tag still.
func (r *RoleRemoval) stranded() bool {
	return r.fate() == fateShared && holdsAny(r.seen.trust, r.letIn(r.seen)) && len(r.without(r.seen).statements) == 0
}

func (r *RoleRemoval) strandedText() string {
	return fmt.Sprintf("IAM role %s lets in nobody but this namespace, and IAM takes no trust policy that is empty; the role itself stays, as it carries the tags of %s",
		r.seen.arn, strings.Join(r.seen.tags.otherOwners(r.Owner), ", "))
}

func (r *RoleRemoval) strandedCure() []string {
	var lines []string
	for _, owner := range r.seen.tags.otherOwners(r.Owner) {
		cluster, _, _ := strings.Cut(owner, "/")
		lines = append(lines, fmt.Sprintf("if cluster %s is gone: `%s`", cluster, teardownOf(owner, "--role-name", r.Role.RoleName)))
	}
	return append(lines, "then run teardown again")
}

// outlast waits for other owners who are just leaving, and took their part out of the trust policy before their tag.
func (r *RoleRemoval) outlast(ctx context.Context, say report) error {
	if !r.stranded() {
		return nil
	}
	err := r.Pace.poll(ctx, r.Pace.Settle, func(ctx context.Context) (bool, error) {
		say.waiting("the tags of " + strings.Join(r.seen.tags.otherOwners(r.Owner), ", ") + " to go from IAM role " + r.Role.RoleName)
		_, err := r.PlanDestroy(ctx)
		return err == nil && !r.stranded(), err
	})
	if errors.Is(err, errTooLong) {
		return nil // it is in the way, and said
	}
	return err
}
