package accesskey

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// Standing is what STS says of a key.
type Standing struct {
	ARN        string // of whom it is; "" where it does not work
	Refused    bool   // nobody has it, or it is inactive: STS does not tell the two apart
	Mismatched bool   // its halves do not belong together
}

// StandingOf asks STS, once. Only an answer that is no judgement is an error.
func StandingOf(ctx context.Context, a *iamsetup.AWS, key credential.Key) (Standing, error) {
	p, err := ask(ctx, a, key)
	return Standing{ARN: p.arn, Refused: err == nil && p.verdict == refused, Mismatched: err == nil && p.verdict == mismatched}, err
}
