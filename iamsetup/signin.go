package iamsetup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// connectLimit is how long a connection may take to come about. A server that can be reached at all answers in a fraction of it.
const connectLimit = 5 * time.Second

// metadataLimit is how long the instance metadata service may take, once for a token and once without: on a machine that is
// no EC2 instance its address leads nowhere. The aws CLI waits as long (AWS_METADATA_SERVICE_TIMEOUT).
const metadataLimit = time.Second

// errNoTerminal: a profile wants a code that nobody is there to type.
var errNoTerminal = errors.New("an MFA code is asked for, and there is no terminal to type it at")

// signInError: no credentials came about, and so nothing was asked of AWS.
type signInError struct {
	by  *signIn
	err error
}

// Error is the SDK's own text.
func (e *signInError) Error() string { return e.err.Error() }

// Unwrap leads to the SDK's own errors.
func (e *signInError) Unwrap() error { return e.err }

// RetryableError tells the SDK not to try the call again: each way to sign in has had its own attempts.
func (e *signInError) RetryableError() bool { return false }

// signIn hands out the caller's credentials. After a failure it does not try again: it would fail again, and some ways take long
// or ask a person.
type signIn struct {
	aws.CredentialsProvider

	profile config.SharedConfig
	env     config.EnvConfig
	said    *strings.Builder // the words of a credential_process; nil: it is none

	mu     sync.Mutex
	failed error
}

// Retrieve implements aws.CredentialsProvider.
func (s *signIn) Retrieve(ctx context.Context) (aws.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return aws.Credentials{}, s.failed
	}
	out, err := s.CredentialsProvider.Retrieve(ctx)
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil: // the run was ended; another one may sign in
		return out, &signInError{by: s, err: fmt.Errorf("the sign-in did not come to its end: %w", context.Cause(ctx))}
	}
	s.failed = &signInError{by: s, err: withoutOutput(err)}
	return out, s.failed
}

// errOutput stands for what a credential_process said that cannot be read.
var errOutput = errors.New("its output is not the JSON that is expected")

// withoutOutput takes the output of a credential_process out of an error, which may hold credentials: the SDK's text quotes it.
func withoutOutput(err error) error {
	if _, ok := errors.AsType[*processcreds.ProviderError](err); ok && strings.Contains(err.Error(), quotedOutput) {
		return &processcreds.ProviderError{Err: errOutput}
	}
	return err
}

// quotedOutput is where that quotation begins.
const quotedOutput = "process output"

func sourcesOf(p aws.CredentialsProvider) []aws.CredentialSource {
	if p, ok := p.(aws.CredentialProviderSource); ok {
		return p.ProviderSources()
	}
	return nil
}

// signInOptions are how a person signs in, and for how long the SDK waits.
func (c Connection) signInOptions() []func(*config.LoadOptions) error {
	return []func(*config.LoadOptions) error{
		config.WithProcessCredentialOptions(func(o *processcreds.Options) { o.Timeout = c.login() }),
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.TokenProvider = func() (string, error) {
				if c.Ask == nil {
					return "", errNoTerminal
				}
				return c.Ask("MFA code for " + aws.ToString(o.SerialNumber) + ": ")
			}
		}),
	}
}

func (c Connection) login() time.Duration { return max(c.Login, connectLimit) }

// withSignIn puts the border around the credentials that the SDK found a way to.
func withSignIn(cfg *aws.Config, limit time.Duration, stderr io.Writer) {
	if stderr == nil {
		stderr = io.Discard
	}
	s := &signIn{CredentialsProvider: cfg.Credentials}
	for _, source := range cfg.ConfigSources {
		switch source := source.(type) {
		case config.SharedConfig:
			s.profile = source
		case config.EnvConfig:
			s.env = source
		}
	}
	if slices.Equal(sourcesOf(cfg.Credentials), []aws.CredentialSource{aws.CredentialSourceIMDS}) {
		client := imds.NewFromConfig(*cfg, func(o *imds.Options) {
			o.HTTPClient, o.Retryer = awshttp.NewBuildableClient().WithTimeout(metadataLimit), aws.NopRetryer{}
		})
		s.CredentialsProvider = aws.NewCredentialsCache(ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }))
	}
	if own := s.profile.CredentialProcess; own != "" && slices.Equal(sourcesOf(cfg.Credentials), []aws.CredentialSource{aws.CredentialSourceProfileProcess, aws.CredentialSourceProcess}) {
		s.said = &strings.Builder{}
		s.CredentialsProvider = aws.NewCredentialsCache(processcreds.NewProviderCommand(processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
			cmd, err := processcreds.DefaultNewCommandBuilder{Args: []string{own}}.NewCommand(ctx)
			if err == nil {
				cmd.Stderr = io.MultiWriter(s.said, stderr) // the SDK would write it to the process's own
			}
			return cmd, err
		}), func(o *processcreds.Options) { o.Timeout = limit }))
	}
	cfg.Credentials = s
}

func dialer(d *net.Dialer) { d.Timeout = connectLimit }

// lookedFor says where credentials may come from that were not there.
func (s *signIn) lookedFor() string {
	return fmt.Sprintf("looked for in the environment (AWS_ACCESS_KEY_ID), in profile %q of %s and %s, and at the container's and the instance's metadata service",
		cmp.Or(s.profile.Profile, "default"), cmp.Or(s.env.SharedConfigFile, "~/.aws/config"), cmp.Or(s.env.SharedCredentialsFile, "~/.aws/credentials"))
}
