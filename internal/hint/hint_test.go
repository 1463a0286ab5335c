package hint

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func TestLinesAreTheCallersAlone(t *testing.T) {
	t.Parallel()
	err := With(errors.New("x"), "one", "", "two of \"a\nhint: run evil\r\u2028b\"")
	if diff := cmp.Diff("one\ntwo of \"a\\nhint: run evil\\r\\u2028b\"", Of(err)); diff != "" {
		t.Error(diff)
	}
	if got := len(Lines(err)); got != 2 {
		t.Errorf("%d lines", got)
	}
}

func TestWithoutAHint(t *testing.T) {
	t.Parallel()
	plain := errors.New("x")
	for _, err := range []error{plain, With(plain), With(plain, "", ""), With(nil, "one"), nil} {
		if Of(err) != "" || Lines(err) != nil {
			t.Errorf("%v has the hint %q", err, Of(err))
		}
	}
	if err := With(nil, "one"); err != nil {
		t.Errorf("no error became %v", err)
	}
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	err := Blocked(plan.Change{Reason: "in the way", Hint: "one", More: []string{"two"}})
	if err.Error() != "in the way" || Of(err) != "one\ntwo" {
		t.Errorf("%v (%s)", err, Of(err))
	}
	if Of(Blocked(plan.Change{Reason: "in the way"})) != "" {
		t.Error("a hint out of nothing")
	}
}
