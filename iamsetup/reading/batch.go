package reading

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

const (
	mostInBatch = 20 // secrets that one BatchGetSecretValue reads
	mostAtOnce  = 8  // single requests to AWS; it allows thousands a second
)

// TryAll reads the current values of several secrets by their names, and answers in the order of the names. They are read twenty a call, and
// where that is not allowed one by one. An error means that AWS did not judge one of the requests.
func (r *Reader) TryAll(ctx context.Context, names []string) ([]Answer, error) {
	known := map[string]Answer{}
	for chunk := range slices.Chunk(names, mostInBatch) {
		if err := r.batch(ctx, chunk, known); err != nil {
			return nil, err
		}
	}
	return each(ctx, names, func(ctx context.Context, name string) (Answer, error) {
		if answer, ok := known[name]; ok {
			return answer, nil
		}
		return r.Try(ctx, name)
	})
}

// batch notes the answers of one call. Where the call as a whole was refused there are none: it needs a right of its own, and one name that
// no secret can have spoils it for the others.
func (r *Reader) batch(ctx context.Context, names []string, known map[string]Answer) error {
	pages := secretsmanager.NewBatchGetSecretValuePaginator(r.api, &secretsmanager.BatchGetSecretValueInput{SecretIdList: names})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if _, ok := judge("", err); ok {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %d secrets from Secrets Manager: %w", len(names), err)
		}
		for _, v := range out.SecretValues {
			name := aws.ToString(v.Name)
			known[name] = Answer{Name: name, State: Readable, Value: valueOf(v.ARN, v.VersionId, v.SecretString, v.SecretBinary)}
		}
		for _, e := range out.Errors {
			if answer, ok := judge(aws.ToString(e.SecretId), asError(e)); ok { // else it is read alone, which tries again
				known[answer.Name] = answer
			}
		}
	}
	return nil
}

// asError is the failure of one secret as its own request would have met it.
func asError(e types.APIErrorType) error {
	return &smithy.GenericAPIError{Code: aws.ToString(e.ErrorCode), Message: aws.ToString(e.Message)}
}

// Look finds out which secrets are there and have a value, without asking for any value, and answers in the order of the names. An error
// means that AWS did not judge one of the requests.
func (r *Reader) Look(ctx context.Context, names []string) ([]Answer, error) {
	return each(ctx, names, r.look)
}

func (r *Reader) look(ctx context.Context, name string) (Answer, error) {
	out, err := r.api.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	if err != nil {
		answer, ok := judge(name, err)
		if !ok {
			return answer, fmt.Errorf("describe secret %s of Secrets Manager: %w", printable.Line(name), err)
		}
		return answer, nil
	}
	current := func(stages []string) bool { return slices.Contains(stages, "AWSCURRENT") }
	answer := Answer{Name: name, State: NoValue}
	for _, stages := range out.VersionIdsToStages {
		if current(stages) {
			answer.State = Readable
		}
	}
	if out.DeletedDate != nil {
		answer.State = Deleted
	}
	return answer, nil
}

// each asks for several names at the same time.
func each(ctx context.Context, names []string, ask func(context.Context, string) (Answer, error)) ([]Answer, error) {
	out := make([]Answer, len(names))
	errs := make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(mostAtOnce)
	for i, name := range names {
		group.Go(func() error {
			out[i], errs[i] = ask(ctx, name)
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	return out, errors.Join(errs...)
}
