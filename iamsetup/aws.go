// Package iamsetup owns what gen3-bootstrap makes in AWS IAM: the policy, the user, its access key, the identity
// provider and the role, each as a step that observes, says what differs, and writes only that.
//
// Every error says what was being done, and to which object. Callers return it as it is.
package iamsetup

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Connection says how to reach AWS.
type Connection struct {
	Region  string
	Profile string        // shared configuration profile; empty: the default chain
	Request time.Duration // limit for one attempt of one request
	Login   time.Duration // how long a sign-in that needs a person or a program may take
	// Ask asks the person at the terminal for a line; nil: there is none.
	Ask func(prompt string) (string, error)
	// Stderr is that terminal, for the prompts of a credential_process; nil: there is none, and its words are in the error.
	Stderr io.Writer
	Log    *slog.Logger // attempts and retries at debug level; requests are never logged with their bodies
	Now    func() time.Time
	// Endpoint and Credentials replace the SDK's own; empty but in tests.
	Endpoint    string
	Credentials aws.CredentialsProvider
}

// AWS is the account as one caller sees it.
type AWS struct {
	IAM   *iam.Client
	STS   *sts.Client
	Clock *Clock

	config   aws.Config
	answered *answers
}

// Connect loads the caller's configuration as the aws CLI would. It makes no call.
func Connect(ctx context.Context, c Connection) (*AWS, error) {
	client := awshttp.NewBuildableClient().WithTimeout(c.Request).WithDialerOptions(dialer)
	options := append(c.signInOptions(),
		config.WithRegion(c.Region),
		config.WithHTTPClient(client),
		config.WithLogger(sdkLog(c.Log)),
		config.WithClientLogMode(aws.LogRetries),
	)
	if c.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.Profile))
	}
	if c.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(c.Endpoint))
	}
	if c.Credentials != nil {
		options = append(options, config.WithCredentialsProvider(c.Credentials))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		c := explainConfig(err, c.Profile)
		return nil, hint.With(fmt.Errorf("load AWS configuration: %s", c.Text), c.Cures...)
	}
	withSignIn(&cfg, c.login(), c.Stderr)
	answered := &answers{}
	cfg.APIOptions = append(cfg.APIOptions, answered.note, c.logCalls)
	unwrapped := cfg.Copy()
	cfg.HTTPClient = plainBodies{cfg.HTTPClient}
	return &AWS{IAM: iam.NewFromConfig(cfg), STS: sts.NewFromConfig(cfg), Clock: NewClock(c.Now), config: unwrapped, answered: answered}, nil
}

// plainBodies hides that the SDK's request bodies can write themselves. The SDK closes a body once the answer has begun;
// its WriteTo then ends in io.EOF, which net/http takes for a broken connection, and cuts off answers of more than a few
// kilobytes from a server that is fast (seen with smithy-go 1.28.8).
type plainBodies struct{ aws.HTTPClient }

// Do implements aws.HTTPClient.
func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		sent := *r
		sent.Body = struct{ io.ReadCloser }{r.Body}
		r = &sent
	}
	return c.HTTPClient.Do(r) // it stands in for the client itself
}

// sdkLog sends the SDK's own lines to the developer's log.
func sdkLog(log *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
		text, _, quoted := strings.Cut(fmt.Sprintf(format, v...), quotedOutput) // which may hold credentials
		if quoted {
			text += "(redacted)"
		}
		log.Debug("aws: " + text)
	})
}

// As returns an STS client that signs with key and opens a new connection for each call, since one connection always
// ends at one server, and a new key reaches the servers one by one.
func (a *AWS) As(key credential.Key) *sts.Client {
	return sts.NewFromConfig(a.SignedBy(KeyProvider(key)), func(o *sts.Options) { o.Retryer = aws.NopRetryer{} })
}

// KeyProvider signs with an access key.
func KeyProvider(key credential.Key) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(key.ID, key.Secret.Reveal(), "")
}

// SignedBy is how AWS is reached with other credentials than the caller's, each call on a new connection as As says. Where the
// credentials are nil, nothing is signed.
func (a *AWS) SignedBy(provider aws.CredentialsProvider) aws.Config {
	cfg := a.config.Copy()
	if provider == nil {
		provider = aws.AnonymousCredentials{}
	}
	cfg.Credentials = provider
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = plainBodies{client.WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })}
	}
	return cfg
}

// OwnConfig is how AWS is reached with the caller's own credentials, for the clients of services that few commands need.
func (a *AWS) OwnConfig() aws.Config {
	cfg := a.config.Copy()
	cfg.HTTPClient = plainBodies{cfg.HTTPClient}
	return cfg
}
