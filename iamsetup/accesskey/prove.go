package accesskey

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
)

// proofsInRow is how often STS must accept a new key before it is trusted: it reaches AWS's servers one by one, so that
// one success says little about the next request.
const proofsInRow = 5

// noted are the proofs of what an earlier run proved and noted, where nothing has changed since by all that IAM says: then nobody
// asks STS. Nil: it has to be asked. A note can be forged, so nothing but "there is nothing to do" may follow from it: see proveOrTrust.
func (k *Up) noted(v keyView) []proof {
	if k.Rotation != nil || v.user == nil || !v.user.Tags.OwnedBy(k.Owner) || v.user.Tags[iamsetup.TagReplacing+k.Owner.String()] != "" {
		return nil
	}
	proofs := make([]proof, len(v.held))
	for i, h := range v.held {
		listed := v.listed(h.Key.ID)
		if !h.Ours || !h.Complete || !h.Noted || h.Key.ID != v.held[0].Key.ID || listed == nil || !listed.Active || v.tagged(h.Key.ID) != k.Owner.String() {
			return nil
		}
		proofs[i] = proof{verdict: accepted, arn: v.user.ARN}
	}
	return proofs
}

// quiet reports whether there is nothing to do, to wait for or to refuse. Keys of others are only told of without --adopt.
func (p keyPlan) quiet(adopt bool) bool {
	return p.source != nil && p.settle+p.untag+p.unreplace == "" && !p.tag && p.replaced == nil &&
		len(p.fills)+len(p.before)+len(p.after)+len(p.blocks) == 0 && (!adopt || len(p.strangers) == 0)
}

// proveHeld asks STS about the key of each Secret; the same key in several is asked about once.
func (k *Up) proveHeld(ctx context.Context, held []credential.Held) ([]proof, error) {
	proofs := make([]proof, len(held))
	group, ctx := errgroup.WithContext(ctx)
	for i, h := range held {
		if h.Key.ID == "" || sameKeyBefore(held, i) >= 0 {
			continue
		}
		group.Go(func() (err error) {
			proofs[i], err = ask(ctx, k.AWS, h.Key)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err // ask says what it was doing
	}
	for i := range held {
		if j := sameKeyBefore(held, i); j >= 0 {
			proofs[i] = proofs[j]
		}
	}
	return proofs, nil
}

func sameKeyBefore(held []credential.Held, i int) int {
	for j := range i {
		if held[i].Key.ID != "" && held[j].Key.ID == held[i].Key.ID && held[j].Key.Secret.Equal(held[i].Key.Secret) {
			return j
		}
	}
	return -1
}

// Whose asks STS for the ARN of whoever a key is of; "" for a key that nobody has, or whose halves do not fit.
func Whose(ctx context.Context, a *iamsetup.AWS, key credential.Key) (arn string, err error) {
	p, err := ask(ctx, a, key)
	return p.arn, err
}

// ask lets STS judge a key, once. Only an answer that is no judgement is an error.
func ask(ctx context.Context, a *iamsetup.AWS, key credential.Key) (proof, error) {
	out, err := a.As(key).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err == nil {
		return proof{verdict: accepted, arn: aws.ToString(out.Arn)}, nil
	}
	switch iamsetup.ErrorCode(err) {
	case "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException":
		return proof{verdict: refused}, nil
	case "SignatureDoesNotMatch", "IncompleteSignature":
		return proof{verdict: mismatched}, nil
	default:
		return proof{}, fmt.Errorf("ask STS whose access key %s is: %w", key.ID, err)
	}
}

// prove waits until STS has accepted a new key several times at once, each time over a new connection, as the user that it
// was made for. One refusal, and it begins anew.
func (k *Up) prove(ctx context.Context, say iamsetup.Report, key credential.Key, arn string) error {
	once := func(ctx context.Context) (bool, error) {
		p, err := ask(ctx, k.AWS, key)
		switch {
		case err != nil || p.verdict != accepted:
			return false, nil // also when STS did not answer: the limit ends it
		case p.arn != arn:
			return false, fmt.Errorf("prove access key %s: STS says that it is %s, not %s", key.ID, p.arn, arn)
		}
		return true, nil
	}
	err := k.Pace.Until(ctx, 6*k.Pace.Settle, func(ctx context.Context) (bool, error) {
		all, err := parallel.Map(ctx, make([]struct{}, proofsInRow), func(ctx context.Context, _ struct{}) (bool, error) { return once(ctx) })
		if err != nil || !slices.Contains(all, false) {
			return err == nil, err
		}
		say.Waiting("AWS to accept access key " + key.ID + " everywhere")
		return false, nil
	})
	if errors.Is(err, iamsetup.ErrTooLong) {
		return fmt.Errorf("prove access key %s of %s: STS did not accept it %d times running within %s", key.ID, arn, proofsInRow, 6*k.Pace.Settle)
	}
	return err
}
