package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Page is what a result is written on.
type Page struct {
	Style tty.Style
	Width int  // columns; 0 where lines may be of any length
	All   bool // lists are written to their end
	Quiet bool // only the verdict and what is wrong
	// Invocation is for the commands that come next.
	Invocation  hint.Invocation
	Flags       []Flag // of this run
	Out         string // the file that the plan is written to
	Gen3Version string // where it was given
}

// first returns the texts to write a line each, the last one of which says how many are left out.
func (p Page) first(texts []string) []string {
	if p.All || len(texts) <= words.Most {
		return texts
	}
	return append(slices.Clone(texts[:words.Most]), fmt.Sprintf("… and %d more (--all shows them)", len(texts)-words.Most))
}

// joined is first on one line.
func (p Page) joined(texts []string) string {
	if p.All || len(texts) <= words.Most {
		return strings.Join(texts, ", ")
	}
	return strings.Join(texts[:words.Most], ", ") + fmt.Sprintf(" and %d more (--all shows them)", len(texts)-words.Most)
}

// Text writes a result for a person: the target, the changes by step, what came of them, and one counted line. A run
// that ended before it looked at anything has no result, and its errors say why.
func Text(w io.Writer, page Page, tense Tense, r bootstrap.Result) error {
	if len(r.Changes) == 0 {
		return nil
	}
	if refused(r) {
		tense = Pending // what stands in the result was to be done, and was not
	}
	r = printable.Document(r)
	style := page.Style
	var b strings.Builder
	if page.Quiet {
		_, err := io.WriteString(w, style.Bold(count(page, r, tense))+"\n")
		return err
	}
	page.heading(&b, target(r))
	writeWho(&b, page, r.Caller, r.Cluster.Server, r.NamespaceFrom)
	writeChanges(&b, page, tense, r)
	if tense == Done && len(r.Errors) == 0 {
		writeOutputs(&b, style, r.Outputs)
	}
	b.WriteString("\n")
	page.heading(&b, count(page, r, tense))
	writeNext(&b, page, next(page, r, tense)...)
	_, err := io.WriteString(w, b.String())
	return err
}

// Plan writes what a person is asked about: where, and the rows of the plan.
func Plan(w io.Writer, page Page, r bootstrap.Result) error {
	r = printable.Document(r)
	page.Quiet = false
	var b strings.Builder
	page.heading(&b, target(r))
	writeChanges(&b, page, Pending, r)
	b.WriteString("\n")
	page.heading(&b, count(page, r, Pending))
	_, err := io.WriteString(w, b.String())
	return err
}

// Where is what stands right above a question: as whom, and in which account and cluster.
func Where(r bootstrap.Result) string {
	r = printable.Document(r)
	text := "account " + r.Account
	if r.Caller != "" {
		text += " as " + r.Caller
	}
	if r.Cluster.Server != "" {
		text += fmt.Sprintf(", cluster %s (context %s)", r.Cluster.Server, r.Cluster.Context)
	}
	return text + ", namespace " + r.Namespace
}

// heading writes a text that stands out, broken where the page ends.
func (p Page) heading(b *strings.Builder, text string) {
	for _, line := range p.wrapped(text, 0) {
		b.WriteString(p.Style.Bold(line) + "\n")
	}
}

// refused reports whether the run ended before its first write.
func refused(r bootstrap.Result) bool {
	if r.Command == teardownCommand { // it goes on past what is blocked
		return len(r.Errors) > 0 && !r.Changed
	}
	return len(plan.BlockedIn(r.Changes)) > 0 || len(r.Errors) > 0 && !r.Changed
}

func target(r bootstrap.Result) string {
	cluster := cmp.Or(r.Cluster.Context, r.Cluster.Server, r.Cluster.ID, "unknown")
	return fmt.Sprintf("account %s, region %s, cluster %s, namespace %s", r.Account, r.Region, cluster, r.Namespace)
}

// writeWho writes below the target who signed in, and where the names above come from.
func writeWho(b *strings.Builder, page Page, caller, server, namespaceFrom string) {
	var parts []string
	if caller != "" {
		parts = append(parts, "as "+caller)
	}
	if server != "" {
		parts = append(parts, "API server "+server)
	}
	switch namespaceFrom {
	case "context", "environment":
		parts = append(parts, "namespace from the "+namespaceFrom)
	}
	if len(parts) == 0 {
		return
	}
	for _, line := range page.wrapped(strings.Join(parts, ", "), 0) {
		b.WriteString(page.Style.Dim(line) + "\n")
	}
}

// writeOutputs writes the names that the next tool needs, those that there are.
func writeOutputs(b *strings.Builder, style tty.Style, o bootstrap.Outputs) {
	release := ""
	if o.Release != nil {
		release = fmt.Sprintf("%s/%s, chart %s, revision %d",
			o.Release.Namespace, o.Release.Name, o.Release.ChartVersion, o.Release.Revision)
	}
	heading := "\n" + style.Bold("outputs") + "\n"
	for _, line := range [][2]string{
		{"policy ARN", o.PolicyARN},
		{"user ARN", o.UserARN},
		{"access key", o.AccessKeyID},
		{"Secrets", strings.Join(o.Secrets, ", ")},
		{"role ARN", o.RoleARN},
		{"release", release},
	} {
		if line[1] != "" {
			fmt.Fprintf(b, "%s  %-10s  %s\n", heading, line[0], line[1])
			heading = ""
		}
	}
}
