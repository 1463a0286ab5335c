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
	ID       string // AIDA…; a user made anew under the same name has another
	ARN      string
	Boundary string // policy ARN, or empty
	Tags     Tags
	New      bool // made by this very run
}

type getUserAPI interface {
	GetUser(context.Context, *iam.GetUserInput, ...func(*iam.Options)) (*iam.GetUserOutput, error)
}

// UserLookup reads one user, once for all who ask in the same round of observation.
type UserLookup struct {
	API      getUserAPI
	UserName string

	mu    sync.Mutex
	asked *userAnswer
}

// userAnswer is one request with all who wait for it.
type userAnswer struct {
	done    chan struct{} // closed once seen and err are there
	seen    *UserSeen
	err     error
	callers int
	giveUp  context.CancelFunc
}

// Get returns the user, nil when there is none. Callers at the same time share one request and its answer, until
// Forget. The request lives as long as one of them still waits for it.
func (l *UserLookup) Get(ctx context.Context) (*UserSeen, error) {
	a := l.join(ctx)
	defer l.leave(a)
	select {
	case <-a.done:
		return a.seen, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("get IAM user %s: %w", l.UserName, context.Cause(ctx))
	}
}

// join sends the request if nobody did yet.
func (l *UserLookup) join(ctx context.Context) *userAnswer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == nil {
		a := &userAnswer{done: make(chan struct{})}
		ctx, a.giveUp = context.WithCancel(context.WithoutCancel(ctx))
		go func() {
			defer close(a.done)
			a.seen, a.err = l.get(ctx)
		}()
		l.asked = a
	}
	l.asked.callers++
	return l.asked
}

// leave gives the request up with its last caller. What that makes of it is nobody's answer.
func (l *UserLookup) leave(a *userAnswer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.callers--; a.callers > 0 {
		return
	}
	select {
	case <-a.done:
	default:
		if l.asked == a {
			l.asked = nil
		}
	}
	a.giveUp()
}

// Set answers later calls of Get with what a create returned: IAM may not show a new user for seconds.
func (l *UserLookup) Set(seen *UserSeen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = &userAnswer{done: make(chan struct{}), seen: seen, giveUp: func() {}}
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
	if isAbsent(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get IAM user %s: %w", l.UserName, err)
	}
	return userSeen(out.User), nil
}

func userSeen(u *types.User) *UserSeen {
	seen := &UserSeen{ID: aws.ToString(u.UserId), ARN: aws.ToString(u.Arn), Tags: tagsOf(u.Tags)}
	if b := u.PermissionsBoundary; b != nil {
		seen.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	return seen
}
