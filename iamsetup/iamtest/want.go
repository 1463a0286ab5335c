package iamtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Check ends the test at an error.
func Check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Actions is a plan in short.
func Actions(changes []plan.Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, string(c.Action))
	}
	return strings.Join(out, " ")
}

// Reasons is all that a plan says, and advises.
func Reasons(changes []plan.Change) string {
	var out []string
	for _, c := range changes {
		out = append(append(out, c.Reason, c.Hint), c.More...)
	}
	return strings.Join(out, "\n")
}

// WantReason wants the parts among what a plan says.
func WantReason(t *testing.T, changes []plan.Change, parts ...string) {
	t.Helper()
	wantParts(t, Reasons(changes), parts)
}

// WantError wants the parts in the error's text or hint.
func WantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	wantParts(t, err.Error()+"\n"+hint.Of(err), parts)
}

// WantWarning wants one warning with these parts, or none where there are no parts.
func WantWarning(t *testing.T, got []string, parts ...string) {
	t.Helper()
	if len(parts) == 0 && len(got) > 0 || len(parts) > 0 && len(got) != 1 {
		t.Fatalf("warnings %q", got)
	}
	wantParts(t, strings.Join(got, "\n"), parts)
}

func wantParts(t *testing.T, text string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no word of %q in:\n%s", part, text)
		}
	}
}

// WantNoWrites fails when the account was written to since the last ResetCalls.
func WantNoWrites(t *testing.T, srv *awsfake.Server) {
	t.Helper()
	for _, c := range srv.Writes() {
		t.Errorf("wrote %s", c.Name())
	}
}

// WantSnapshot wants the account as it was.
func WantSnapshot(t *testing.T, srv *awsfake.Server, want map[string]string) {
	t.Helper()
	got := srv.Snapshot()
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if want[key] != got[key] {
			t.Errorf("%s is %q, was %q", key, got[key], want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is gone", key)
		}
	}
}
