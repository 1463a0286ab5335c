package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/check"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// lacking holds what an ExternalSecret reads against what pods need of its Secret.
func lacking(v externalView, needs gen3.Inventory) []check.Finding {
	var out []check.Finding
	for _, q := range needs.Requirements {
		q.Reads = slices.DeleteFunc(slices.Clone(q.Reads), func(r gen3.Read) bool { return r.By != v.Name })
		i := slices.IndexFunc(v.reads, func(r readView) bool {
			return r.Name == q.Name && r.Version == "" && r.trial.answer.State == reading.Readable
		})
		if i < 0 {
			continue
		}
		for _, f := range check.Judge(q, v.reads[i].trial.answer.Value.Value) {
			if f.State.Certain() && f.Severity <= gen3.JobsOnly {
				out = append(out, f)
			}
		}
	}
	return out
}

// lackText says what is wrong, and with whom.
func lackText(lacks []check.Finding) string {
	texts := []string{"synced"}
	for _, f := range lacks {
		var who []string
		for _, r := range f.By {
			if r.Severity() == f.Severity {
				who = words.AddOnce(who, r.By)
			}
		}
		texts = append(texts, fmt.Sprintf("secret %s: %s, and %s cannot do without", f.Name, f.Says, words.Few(who)))
	}
	return strings.Join(texts, "; ")
}

// lackHints are what to do about it.
func lackHints(v externalView) []string {
	hints := []string{}
	for _, f := range v.lacks {
		hints = words.AddOnce(hints, f.Cure)
	}
	return append(hints, v.check+" tells all that is wrong with the secrets")
}
