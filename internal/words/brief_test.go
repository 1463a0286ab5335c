package words

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestBrief(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"no\n  quota": "no quota",
		"patch: Invalid value: " + strings.Repeat("é", 5000) + ": quantities must match": "patch: Invalid value: " +
			strings.Repeat("é", briefHead-22) + " … " + strings.Repeat("é", briefTail-23) + ": quantities must match",
	} {
		if got := Brief(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := (BriefError{io.EOF}); !errors.Is(err, io.EOF) || err.Error() != "EOF" {
		t.Errorf("got %v", err)
	}
}
