package iamsetup

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// UserSeen is a user as IAM shows it.
type UserSeen struct {
	ARN      string
	Boundary string // policy ARN, or empty
	Tags     Tags
	New      bool // made by this very run
}

// UserLookup reads one user, once for all who ask in the same round of observation.
type UserLookup struct {
	API interface {
		GetUser(ctx context.Context, in *iam.GetUserInput, options ...func(*iam.Options)) (*iam.GetUserOutput, error)
	}
	UserName string

	mu    sync.Mutex
	asked *userAnswer // nil: nobody asked yet
}

// userAnswer is what one request comes to.
type userAnswer struct {
	done chan struct{} // closed once the others are there
	seen *UserSeen
	err  error
}

// Get returns the user, nil when there is none. Callers share one request and its answer until Forget. The request belongs
// to none of them: one that gives up no longer waits for it, and takes it from nobody else.
func (l *UserLookup) Get(ctx context.Context) (*UserSeen, error) {
	a := l.request(context.WithoutCancel(ctx))
	select {
	case <-a.done:
		return a.seen, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("get IAM user %s: %w", l.UserName, context.Cause(ctx))
	}
}

// request sends it unless that was done already.
func (l *UserLookup) request(ctx context.Context) *userAnswer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == nil {
		a := &userAnswer{done: make(chan struct{})}
		go func() {
			defer close(a.done)
			a.seen, a.err = l.get(ctx)
		}()
		l.asked = a
	}
	return l.asked
}

// Set answers later calls of Get with what a create returned: IAM may not show a new user for seconds.
func (l *UserLookup) Set(seen *UserSeen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = &userAnswer{done: make(chan struct{}), seen: seen}
	close(l.asked.done)
}

// Forget makes the next Get ask again.
func (l *UserLookup) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = nil
}

func (l *UserLookup) get(ctx context.Context) (*UserSeen, error) {
	out, err := l.API.GetUser(ctx, &iam.GetUserInput{UserName: &l.UserName})
	if IsAbsent(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM user %s: %w", l.UserName, err)
	}
	return userSeen(out.User), nil
}

func userSeen(u *types.User) *UserSeen {
	seen := &UserSeen{ARN: aws.ToString(u.Arn), Tags: TagsOf(u.Tags)}
	if b := u.PermissionsBoundary; b != nil {
		seen.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	return seen
}
