package role

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// WhyNot says by the role's trust policy why a ServiceAccount is not let in, to a caller who may read it: else the error is ErrDenied.
// It returns "" for a policy that seems to let it in.
func WhyNot(ctx context.Context, api *iam.Client, account iamsetup.Account, arn string, who Trusted) (string, error) {
	name := iamsetup.LastPart(arn)
	seen, err := readRole(ctx, api, account, name)
	if err != nil {
		return "", iamsetup.MarkDenied(err)
	}
	return whyNot(seen, arn, who), nil
}

func whyNot(seen *roleSeen, arn string, who Trusted) string {
	switch {
	case seen == nil:
		return "there is no IAM role " + iamsetup.LastPart(arn)
	case seen.arn != arn:
		return fmt.Sprintf("the role of that name is %s, and its path is part of its ARN", seen.arn)
	case seen.trust.letsIn(who):
		return ""
	case seen.trust.says("Deny", who):
		return fmt.Sprintf("a statement of its trust policy denies %s", who)
	}
	var subjects, issuers []string
	for _, other := range seen.trust.named() {
		if other.Issuer == who.Issuer {
			subjects = append(subjects, other.Subject)
		} else {
			issuers = words.AddOnce(issuers, other.Issuer)
		}
	}
	switch {
	case len(subjects) > 0:
		return fmt.Sprintf("its trust policy lets in %s of this cluster, and not %s", words.Few(subjects), who.Subject)
	case len(issuers) > 0:
		return fmt.Sprintf("its trust policy names issuer %s, and this cluster's tokens are of %s", strings.Join(issuers, ", "), who.Issuer)
	}
	return fmt.Sprintf("no statement of its trust policy lets in %s", who)
}
