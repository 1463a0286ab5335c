package iamsetup

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// slowUser answers when it is told to, or when the request is cut off.
type slowUser struct {
	answer chan struct{}
	asked  int
}

func (s *slowUser) GetUser(ctx context.Context, _ *iam.GetUserInput, _ ...func(*iam.Options)) (*iam.GetUserOutput, error) {
	s.asked++
	select {
	case <-s.answer:
		return &iam.GetUserOutput{User: &types.User{Arn: aws.String("arn:aws:iam::123456789012:user/es")}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// asks has a caller for each context ask at the same time.
func asks(lookup *UserLookup, all ...context.Context) (seen []*UserSeen, errs []error, wait func()) {
	var group sync.WaitGroup
	seen, errs = make([]*UserSeen, len(all)), make([]error, len(all))
	for i, ctx := range all {
		group.Go(func() { seen[i], errs[i] = lookup.Get(ctx) })
		synctest.Wait()
	}
	return seen, errs, group.Wait
}

// The first caller's own end, such as another read of its group that failed, is not the end of those who share its
// request.
func TestLookupOutlivesTheCallerThatBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &slowUser{answer: make(chan struct{})}
		lookup := &UserLookup{API: api, UserName: "es"}
		first, giveUp := context.WithCancel(t.Context())
		seen, errs, wait := asks(lookup, first, t.Context())
		giveUp()
		synctest.Wait()
		if !errors.Is(errs[0], context.Canceled) {
			t.Errorf("the caller that gave up still waits: %v", errs[0])
		}
		close(api.answer)
		wait()
		if errs[1] != nil || seen[1] == nil || seen[1].ARN == "" || api.asked != 1 {
			t.Errorf("got %+v, %v after %d requests", seen[1], errs[1], api.asked)
		}
	})
}

// Whoever gives up does not wait for the answer, and what became of that is no answer for those who come later.
func TestLookupLetsItsCallersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &slowUser{answer: make(chan struct{})}
		lookup := &UserLookup{API: api, UserName: "es"}
		ctx, giveUp := context.WithCancel(t.Context())
		_, _, wait := asks(lookup, ctx, ctx)
		giveUp()
		wait()
		close(api.answer)
		if seen, err := lookup.Get(t.Context()); err != nil || seen == nil {
			t.Errorf("what was given up is an answer: %+v, %v", seen, err)
		}
	})
}
