package principal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Addition is a kind of thing that somebody may have given to a user or role, and which keeps IAM from deleting it.
type Addition struct {
	Kind    string
	Command string // that takes one away
	Flag    string // that names it
	List    func(context.Context) ([]string, error)
}

// Listed makes of a list of IAM's what an addition takes.
func Listed[Page any](pages interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*iam.Options)) (Page, error)
}, items func(Page) []string,
) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) { return iamsetup.List(ctx, pages, items) }
}

// added lists what somebody added by hand, and says what could not be looked at: IAM itself refuses to delete what still
// has any of it.
func (c Calls) added(ctx context.Context) (found []Obstacle, unread []string, err error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, a := range c.Additions {
		group.Go(func() {
			all, err := a.List(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && !iamsetup.IsAbsent(err) {
				unread = append(unread, fmt.Sprintf("%s of %s could not be looked for (%s): IAM refuses to delete the %s while it has any", a.Kind, c, iamsetup.Plain(err), c.Noun))
			}
			for _, name := range all {
				found = append(found, c.obstacle(a.Kind, name, a.Command, a.Flag))
			}
		})
	}
	group.Wait()
	slices.Sort(unread)
	slices.SortFunc(found, func(a, b Obstacle) int { return strings.Compare(a.String(), b.String()) })
	return found, unread, context.Cause(ctx)
}

// Obstacle is one thing that it has, with the command that takes it away.
func (c Calls) obstacle(kind, name, command, flag string) Obstacle {
	words := []string{"aws", "iam", command, c.flag(), c.Name}
	if name != "" {
		words = append(words, flag, name)
	}
	return Obstacle{Kind: kind, Name: name, Command: hint.Command(words...)}
}
