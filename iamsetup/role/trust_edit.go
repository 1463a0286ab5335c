package role

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// trustAttempts is how often the trust policy is written before a run gives up against other writers.
const trustAttempts = 3

// trustEdit changes a role's trust policy. Whoever shares the role writes the same document, and IAM knows no version under
// which a write would fail, so it is read back, and edited once more where another writer undid that.
type trustEdit struct {
	API      *iam.Client
	Account  iamsetup.Account
	Pace     iamsetup.Pace
	RoleName string
	Guard    func() error // asked before each write; nil: nobody is
	what     string
	before   *roleSeen // what is edited while IAM does not show the role; nil: nothing is
}

// write does it. Next returns the policy as it should be, and whether that differs from what is seen.
func (e trustEdit) write(ctx context.Context, say iamsetup.Report, next func(*roleSeen) (t trust, differs bool)) error {
	last := errors.New("another writer keeps replacing it")
	for range trustAttempts {
		now, err := readRole(ctx, e.API, e.Account, e.RoleName)
		if err != nil {
			return err
		}
		if now == nil {
			now = e.before
		}
		if now == nil {
			return nil
		}
		policy, differs := next(now)
		if !differs {
			return nil
		}
		if e.Guard != nil {
			if err := e.Guard(); err != nil {
				return iamsetup.Wrap(e.what, err)
			}
		}
		if err := e.put(ctx, say, policy); err != nil && !iamsetup.IsUnclear(err) {
			return hint.With(iamsetup.Wrap(e.what, err), trustHint(err))
		} else if err != nil {
			last = err
		}
		say.PartDone()
		if stands, err := e.stands(ctx, say, next); stands || err != nil {
			return err
		}
	}
	return hint.With(fmt.Errorf("%s: %w", e.what, last), "run the same command again when nobody else is at work on that role")
}

func (e trustEdit) put(ctx context.Context, say iamsetup.Report, policy trust) error {
	document, err := policy.JSON()
	if err != nil {
		return err
	}
	return e.Pace.Persist(ctx, say.Waiting, e.what, func(ctx context.Context) error {
		return iamsetup.Failed(e.API.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &e.RoleName, PolicyDocument: &document}))
	})
}

func trustHint(err error) string {
	switch iamsetup.ErrorCode(err) {
	case "LimitExceeded":
		return "a trust policy has 2048 characters where the quota was not raised: give this namespace a role of its own, by another --role-name or without it"
	case "MalformedPolicyDocument":
		return "a statement that is there already may name somebody who is gone, as AIDA… or AROA…; IAM takes no new document until it is taken out"
	default:
		return ""
	}
}

// stands waits until the policy read back is as it should be, twice running, since reads may flap. False: it did not
// become so while IAM's reads may lag.
func (e trustEdit) stands(ctx context.Context, say iamsetup.Report, next func(*roleSeen) (trust, bool)) (bool, error) {
	inRow := 0
	err := e.Pace.Until(ctx, e.Pace.Settle, func(ctx context.Context) (bool, error) {
		now, err := readRole(ctx, e.API, e.Account, e.RoleName)
		if err != nil {
			return false, err
		}
		if now != nil {
			if _, differs := next(now); !differs {
				inRow++
				return inRow == 2, nil
			}
		}
		inRow = 0
		say.Waiting("trust policy of IAM role " + e.RoleName + " to show what was written")
		return false, nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		return false, nil
	}
	return err == nil, err
}
