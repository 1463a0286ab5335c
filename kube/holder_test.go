package kube

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestHolder(t *testing.T) {
	t.Parallel()
	self := Self("gen3-bootstrap up", time.Unix(0, 0))
	for name, test := range map[string]struct {
		identity string
		want     string // in what is told of it
	}{
		"a run":                 {self.identity(), "(gen3-bootstrap up), since 1970-01-01T00:00:00Z"},
		"of another program":    {"node-7_8f2c", "node-7_8f2c on an unknown host"},
		"nobody's JSON":         {`{"user":"ada"}`, `{"user":"ada"} on an unknown host`},
		"as long as a Lease is": {strings.Repeat("é", 1<<20), "éé…"},
		"a long name":           {`{"user":"` + strings.Repeat("x", 1000) + `","pid":7}`, "xx…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parseHolder(test.identity).String()
			if !strings.Contains(got, test.want) || utf8.RuneCountInString(got) > 200 {
				t.Errorf("got %q, want %q in at most 200 characters", got, test.want)
			}
		})
	}
	if again := parseHolder(self.identity()); again != self {
		t.Errorf("got %+v, want %+v", again, self)
	}
}
