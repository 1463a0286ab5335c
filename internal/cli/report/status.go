package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Status writes on one screen what status found. A run that ended before it looked at anything has nothing to show.
func Status(w io.Writer, page Page, r bootstrap.StatusResult) error {
	if r.Mode == "" {
		return nil
	}
	r = printable.Document(r)
	style := page.Style
	var b strings.Builder
	cluster := cmp.Or(r.Cluster.Context, r.Cluster.Server)
	b.WriteString(style.Bold(fmt.Sprintf("account %s, region %s, cluster %s, namespace %s, mode %s", r.Account, r.Region, cluster, r.Namespace, r.Mode)) + "\n")
	switch {
	case !r.Recorded && unread(r, bootstrap.RecordStep):
		b.WriteString("whether an up is recorded for this namespace is not known: these are the defaults\n")
	case !r.Recorded:
		b.WriteString("no up is recorded for this namespace\n")
	}
	b.WriteString("\n")
	writeFacts(&b, r)
	writeResources(&b, page, r)
	writeObjects(&b, page, r)
	writeUnread(&b, page, r)
	b.WriteString("\n" + style.Bold(verdict(r)) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// writeResources writes what up would do to each resource, in the words of plan.
func writeResources(b *strings.Builder, page Page, r bootstrap.StatusResult) {
	as := bootstrap.Result{}
	for _, c := range r.Resources {
		change := c.Change
		var owners []string
		for _, o := range c.Owners {
			owners = append(owners, ownerName(o, r))
		}
		if self := r.Cluster.ID + "/" + r.Namespace; len(c.Owners) > 1 || len(c.Owners) == 1 && c.Owners[0] != self {
			change.Reason += "; made for " + strings.Join(owners, ", ")
		}
		as.Changes = append(as.Changes, change)
	}
	writeChanges(b, page, Pending, as)
}

func writeObjects(b *strings.Builder, page Page, r bootstrap.StatusResult) {
	if len(r.Objects) == 0 {
		return
	}
	b.WriteString("\n" + page.Style.Bold("objects of External Secrets") + "\n")
	for _, o := range r.Objects {
		mark, paint := "!", page.Style.Red
		if o.Ready == "True" {
			mark, paint = "=", page.Style.Dim
		}
		text := cmp.Or(o.Reason, map[bool]string{true: "well", false: "the operator has said nothing of it"}[o.Ready == "True"])
		b.WriteString(paint(fmt.Sprintf("  %s %s %s: %s", mark, o.Kind, o.Name, text)) + "\n")
	}
}

func writeUnread(b *strings.Builder, page Page, r bootstrap.StatusResult) {
	for i, p := range r.Unread {
		if i == 0 {
			b.WriteString("\n" + page.Style.Bold("may not be read, or could not be") + "\n")
		}
		b.WriteString("  ? " + p.Message + "\n")
	}
}
