package iamsetup

import (
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// ErrorCode returns the service's code, such as "NoSuchEntity", or "" when no service answered.
func ErrorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// IsAbsent reports that IAM does not know the resource, or not yet: it is eventually consistent.
func IsAbsent(err error) bool { return ErrorCode(err) == "NoSuchEntity" }

// IsTaken reports that the name is in use, perhaps by what an earlier attempt of this very call made.
func IsTaken(err error) bool { return ErrorCode(err) == "EntityAlreadyExists" }

// IsDenied reports that the caller may not do that.
func IsDenied(err error) bool {
	return ErrorCode(err) == "AccessDenied" || ErrorCode(err) == "AccessDeniedException"
}

// ErrDenied means that the caller may not read something, so that it may be there or not.
var ErrDenied = errors.New("the caller may not read it")

// MarkDenied makes ErrDenied of a refusal.
func MarkDenied(err error) error {
	if IsDenied(err) {
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return err
}

// IsTransient reports an answer that the same call may not get again: IAM's eventual consistency and its guards against
// concurrent writes, none of which the SDK retries.
func IsTransient(err error) bool {
	switch ErrorCode(err) {
	case "NoSuchEntity", "ConcurrentModification", "EntityTemporarilyUnmodifiable":
		return true
	default:
		return false
	}
}

// IsUnclear reports that a call may have taken effect although it ended in err: no answer came, or a server's fault was
// reported. A refusal (4xx) is clear: nothing happened.
func IsUnclear(err error) bool {
	if err == nil {
		return false
	}
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) {
		return true
	}
	return answer.HTTPStatusCode() >= http.StatusInternalServerError || answer.HTTPStatusCode() < http.StatusBadRequest
}
