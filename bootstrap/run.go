package bootstrap

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
)

// Env is what a run needs of its process.
type Env struct {
	Now  func() time.Time
	Sink event.Sink   // progress
	Log  *slog.Logger // for developers, under --verbose; never nil
	// Confirm asks a person at a terminal, and reports whether what the question wants was typed. nil: there is none to ask.
	Confirm func(context.Context, Question) (bool, error)
	// AWSEndpoint and AWSCredentials stand in for the SDK's own where a test runs in one process with its AWS; empty else.
	AWSEndpoint    string
	AWSCredentials aws.CredentialsProvider
}
