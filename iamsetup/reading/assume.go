package reading

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// Entry is whether a role lets a token in.
type Entry string

// What STS may say of a token.
const (
	LetIn       Entry = "let-in"
	NoProvider  Entry = "no-provider"   // the account has no identity provider of the token's issuer
	NotTrusted  Entry = "not-trusted"   // the role's trust policy does not let it in, or there is no such role
	BadAudience Entry = "bad-audience"  // the provider does not know the audience
	Unproved    Entry = "unproved"      // AWS cannot check the token's signature, or finds it wrong
	BadRole     Entry = "no-role-arn"   // what is given is no role's ARN
	TokenOver   Entry = "token-expired" // it, or one of the clocks, is out of date
)

// Session is what came of a token.
type Session struct {
	Entry Entry
	ARN   string  // of the session, when let in
	Says  string  // AWS's code and words otherwise
	As    *Reader // reads as the role, when let in
}

// Assume exchanges a ServiceAccount's token for a session of a role, as the operator does, and without any credentials of the
// caller. An error means that STS did not judge it.
func Assume(ctx context.Context, a *iamsetup.AWS, role string, token redact.String) (Session, error) {
	client := sts.NewFromConfig(a.SignedBy(nil))
	out, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("gen3-bootstrap-verify"), WebIdentityToken: aws.String(token.Reveal()),
		DurationSeconds: aws.Int32(900), // the least that AWS takes
	})
	if err == nil {
		c := out.Credentials
		provider := credentials.NewStaticCredentialsProvider(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
		return Session{Entry: LetIn, ARN: aws.ToString(out.AssumedRoleUser.Arn), As: signedBy(a, provider, "")}, nil
	}
	session, ok := judgeEntry(err)
	if !ok {
		return session, fmt.Errorf("take role %s with the ServiceAccount's token: %w", printable.Line(role), err)
	}
	return session, nil
}

func judgeEntry(err error) (Session, bool) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return Session{}, false
	}
	out := Session{Says: printable.Line(api.ErrorCode() + ": " + api.ErrorMessage())}
	says := api.ErrorMessage()
	switch api.ErrorCode() {
	case "AccessDenied", "AccessDeniedException":
		out.Entry = NotTrusted
	case "InvalidIdentityToken", "InvalidIdentityTokenException":
		switch {
		case strings.Contains(says, "No OpenIDConnect provider found"):
			out.Entry = NoProvider
		case strings.Contains(says, "audience"):
			out.Entry = BadAudience
		default:
			out.Entry = Unproved
		}
	case "IDPCommunicationError", "IDPRejectedClaim":
		out.Entry = Unproved
	case "ExpiredTokenException", "ExpiredToken":
		out.Entry = TokenOver
	case "ValidationError":
		out.Entry = BadRole
	default:
		return out, false
	}
	return out, true
}
