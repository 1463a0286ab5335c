package iamsetup

import "testing"

func TestTagsInWords(t *testing.T) {
	t.Parallel()
	have := Tags{TagManagedBy: "terraform", "team": "x"}
	missing := Tags{TagManagedBy: ManagedBy, "team": "y", "b": "", "a": ""}
	want := []string{`tag managed-by is "terraform" and not "gen3-bootstrap"`, `tag team is "x" and not "y"`, "tags are missing: a, b"}
	got := have.lacking(missing)
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %q", got)
	}
	if got := have.lacking(Tags{}); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}
