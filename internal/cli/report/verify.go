package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/verify"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Verify writes a line for each layer, with its hints below it. A run that tried no layer has nothing to show.
func Verify(w io.Writer, page Page, r verify.Result) error {
	if len(r.Layers) == 0 {
		return nil
	}
	r = printable.Document(r)
	var b strings.Builder
	cluster := cmp.Or(r.Cluster.Context, r.Cluster.Server)
	b.WriteString(page.Style.Bold(fmt.Sprintf("account %s, region %s, cluster %s, namespace %s, mode %s", r.Account, r.Region, cluster, r.Namespace, r.Mode)) + "\n")
	writeWho(&b, page, r.Caller, r.Cluster.Server, r.NamespaceFrom)
	b.WriteString("\n")
	for _, y := range r.Layers {
		writeState(&b, page, "  ", y.State, fmt.Sprintf("%-16s  %s", y.Name, y.Reason))
		Hint(&b, page.Style, strings.Join(y.Hints, "\n"))
		writeLayerObjects(&b, page, y.Objects)
	}
	b.WriteString("\n" + page.Style.Bold(verified(r)) + "\n")
	if r.Verified {
		writeNext(&b, page, page.Again("status", append(ofThisRun(), "canary", "strict", "wait", "timeout"), "--exit-code"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeLayerObjects names those that are not well; those that are, where all are asked for.
func writeLayerObjects(b *strings.Builder, page Page, objects []verify.Object) {
	ill, left := 0, 0
	for _, o := range objects {
		if o.State == verify.OK && !page.All {
			continue
		}
		if ill++; ill > len(page.first(make([]string, len(objects)))) {
			left++
			continue
		}
		writeState(b, page, "      ", o.State, fmt.Sprintf("%s %s: %s", o.Kind, o.Name, o.Reason))
		Hint(b, page.Style, strings.Join(o.Hints, "\n"))
	}
	if left > 0 {
		fmt.Fprintf(b, "      … and %d more (--all shows them)\n", left)
	}
}

func writeState(b *strings.Builder, page Page, indent string, state verify.State, text string) {
	style := page.Style
	switch state {
	case verify.OK:
		b.WriteString(indent + style.Dim("= "+text) + "\n")
	case verify.Warning:
		b.WriteString(indent + style.Yellow("~ "+text) + "\n")
	case verify.Failed:
		b.WriteString(indent + style.Red("! "+text) + "\n")
	case verify.NotTried:
		b.WriteString(indent + "? " + text + "\n")
	}
}

// verified sums up in one line.
func verified(r verify.Result) string {
	var failed, warned []string
	for _, y := range r.Layers {
		switch y.State {
		case verify.Failed:
			failed = append(failed, y.Name)
		case verify.Warning:
			warned = append(warned, y.Name)
		case verify.OK, verify.NotTried:
		}
	}
	switch {
	case len(failed) > 0:
		return "verify: failed at " + strings.Join(failed, ", ")
	case !r.Verified:
		return "verify: with --strict, a warning of " + strings.Join(warned, ", ") + " fails"
	case len(warned) > 0:
		return "verify: the cluster can read Secrets Manager, with warnings of " + strings.Join(warned, ", ")
	}
	return "verify: the cluster can read Secrets Manager"
}
