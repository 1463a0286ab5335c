package reading

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// State is what came of reading one secret.
type State string

// What can come of it.
const (
	Readable      State = "readable"
	Missing       State = "missing"                // there is none of that name, in this region
	Deleted       State = "scheduled-for-deletion" // its name is taken until it is restored or gone
	NoValue       State = "no-such-version"        // it has no value in that version, or no current one
	Denied        State = "denied"                 // Answer.Denial says by whom
	KeyDenied     State = "kms-denied"             // its value is encrypted with a KMS key that may not be used, or is disabled
	KeyRefused    State = "access-key-refused"     // nobody has the access key, or it is inactive
	KeyMismatched State = "access-key-mismatched"  // its two halves do not belong together
	Expired       State = "session-expired"
	BadName       State = "bad-name" // no secret can have it
)

// Answer is what one read came to.
type Answer struct {
	Name   string // as it was asked for: a name or an ARN
	State  State
	Denial iamsetup.Denial // of Denied
	Says   string          // AWS's code and words, fit for one line; "" for Readable
	Value  Value           // of Readable
}

// Credentials reports whether it is what signs the request that AWS refused, and so every other read would be.
func (a Answer) Credentials() bool {
	return a.State == KeyRefused || a.State == KeyMismatched || a.State == Expired
}

// Version is which version of a secret is wanted, by its id or by its stage; the zero Version is the current one.
type Version struct{ ID, Stage string }

// Reader reads as one principal.
type Reader struct{ api *secretsmanager.Client }

// WithKey reads with an access key, each time on a new connection: a new key reaches AWS's servers one by one.
func WithKey(a *iamsetup.AWS, key credential.Key) *Reader {
	return signedBy(a, iamsetup.KeyProvider(key), "")
}

// WithOwn reads and lists with the caller's own credentials, to explain what another one met.
func WithOwn(a *iamsetup.AWS) *Reader {
	return &Reader{secretsmanager.NewFromConfig(a.OwnConfig())}
}

// signedBy reads in the run's own region where none is named.
func signedBy(a *iamsetup.AWS, provider aws.CredentialsProvider, region string) *Reader {
	return &Reader{secretsmanager.NewFromConfig(a.SignedBy(provider), func(o *secretsmanager.Options) {
		if region != "" {
			o.Region = region
		}
	})}
}

// In is the same principal in another region.
func (r *Reader) In(region string) *Reader {
	if region == "" || region == r.api.Options().Region {
		return r
	}
	options := r.api.Options()
	options.Region = region
	return &Reader{secretsmanager.New(options)}
}

// Try reads the current value of a secret by its name or ARN. An error means that AWS did not judge the request.
func (r *Reader) Try(ctx context.Context, name string) (Answer, error) {
	return r.TryVersion(ctx, name, Version{})
}

// TryVersion is Try for one version.
func (r *Reader) TryVersion(ctx context.Context, name string, version Version) (Answer, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: &name}
	if version.ID != "" {
		in.VersionId = &version.ID
	}
	if version.Stage != "" {
		in.VersionStage = &version.Stage
	}
	out, err := r.api.GetSecretValue(ctx, in)
	if err == nil {
		return Answer{Name: name, State: Readable, Value: valueOf(out.ARN, out.VersionId, out.SecretString, out.SecretBinary)}, nil
	}
	answer, ok := judge(name, err)
	if !ok {
		return answer, fmt.Errorf("read secret %s from Secrets Manager: %w", printable.Line(name), err)
	}
	return answer, nil
}

// judge goes by the codes, and where one stands for several things by AWS's words.
func judge(name string, err error) (Answer, bool) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return Answer{Name: name}, false
	}
	out := Answer{Name: name, Says: printable.Line(api.ErrorCode() + ": " + api.ErrorMessage())}
	says := strings.ToLower(api.ErrorMessage())
	switch api.ErrorCode() {
	case "ResourceNotFoundException":
		out.State = Missing
		if strings.Contains(says, "secret value") { // "can't find the specified secret value for staging label: …"
			out.State = NoValue
		}
	case "InvalidRequestException":
		if !strings.Contains(says, "marked for deletion") && !strings.Contains(says, "marked deleted") {
			return out, false
		}
		out.State = Deleted
	case "DecryptionFailure", "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException":
		out.State = KeyDenied
	case "AccessDeniedException", "AccessDenied":
		out.Denial, _ = iamsetup.DenialIn(err)
		out.State = Denied
		if strings.HasPrefix(out.Denial.Action, "kms:") || strings.Contains(says, "access to kms") || strings.Contains(says, "kms:decrypt") {
			out.State = KeyDenied
		}
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId":
		out.State = KeyRefused
	case "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException":
		if strings.Contains(says, "expired") || strings.Contains(says, "not yet current") { // a clock that is wrong, and no key
			return out, false
		}
		out.State = KeyMismatched
	case "ExpiredTokenException", "ExpiredToken":
		out.State = Expired
	case "ValidationException", "InvalidParameterException":
		out.State = BadName
	default:
		return out, false
	}
	return out, true
}
