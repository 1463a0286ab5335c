package readers

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// TestStillAwaited: only an object that was read again, or that is gone from a list which succeeded, is awaited no more.
func TestStillAwaited(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	es := func(name, ready, refreshed string) external.Object {
		return external.Object{Kind: "ExternalSecret", Namespace: "gen3", Name: name, Ready: ready, Refreshed: refreshed}
	}
	awaited := []external.Object{es("a", "True", "1"), es("b", "True", "1")}
	for name, test := range map[string]struct {
		now    []external.Object
		listed error
		want   int
		err    error
	}{
		"nothing yet":            {now: awaited, want: 2},
		"one was read":           {now: []external.Object{es("a", "True", "2"), es("b", "True", "1")}, want: 1},
		"one was read and fails": {now: []external.Object{es("a", "False", "2"), es("b", "True", "2")}, want: 1},
		"one is gone":            {now: []external.Object{es("b", "True", "1")}, want: 1},
		"both":                   {now: []external.Object{es("b", "True", "2")}, want: 0},
		"the list failed":        {listed: broken, want: 2, err: broken},
		"the list took too long": {listed: fmt.Errorf("list: %w", context.DeadlineExceeded), want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left, err := stillAwaited(awaited, test.now, test.listed)
			if len(left) != test.want || !errors.Is(err, test.err) || test.err == nil && err != nil {
				t.Errorf("%d are awaited, error %v; want %d, %v", len(left), err, test.want, test.err)
			}
		})
	}
}
