package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Status writes on one screen what status found. A run that ended before it looked at anything has nothing to show.
func Status(w io.Writer, page Page, r status.Result) error {
	if r.Mode == "" {
		return nil
	}
	r = printable.Document(r)
	style := page.Style
	var b strings.Builder
	if page.Quiet {
		r.Resources = slices.DeleteFunc(slices.Clone(r.Resources), func(c status.Resource) bool { return c.Action == plan.None && !c.Unwell })
		r.Objects = slices.DeleteFunc(slices.Clone(r.Objects), func(o status.Object) bool { return o.Ready == "True" })
		writeResources(&b, page, r)
		writeObjects(&b, page, r)
		writeUnread(&b, page, r)
		_, err := io.WriteString(w, style.Bold(verdict(r))+"\n"+strings.TrimPrefix(b.String(), "\n"))
		return err
	}
	cluster := cmp.Or(r.Cluster.Context, r.Cluster.Server)
	b.WriteString(style.Bold(fmt.Sprintf("account %s, region %s, cluster %s, namespace %s, mode %s", r.Account, r.Region, cluster, r.Namespace, r.Mode)) + "\n")
	writeWho(&b, page, r.Caller, r.Cluster.Server, r.NamespaceFrom)
	switch {
	case !r.Recorded && unread(r, bootstrap.RecordStep):
		b.WriteString("whether an up is recorded for this namespace is not known: these are the defaults\n")
	case !r.Recorded:
		b.WriteString("no up is recorded for this namespace\n")
	}
	b.WriteString("\n")
	if r.Recorded {
		b.WriteString("  settings    " + r.Settings + "\n")
	}
	writeFacts(&b, page, r)
	writeResources(&b, page, r)
	writeObjects(&b, page, r)
	writeUnread(&b, page, r)
	b.WriteString("\n" + style.Bold(verdict(r)) + "\n")
	if r.Drift && len(r.Errors) == 0 {
		writeNext(&b, page, page.Again("plan", ofThisRun()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeResources writes what up would do to each resource, in the words of plan.
func writeResources(b *strings.Builder, page Page, r status.Result) {
	as := bootstrap.Result{}
	for _, c := range r.Resources {
		change := c.Change
		if change.Action == plan.None && !page.All { // what it is, plan --all shows as well
			change.Fields = nil
		}
		var owners []string
		for _, o := range c.Owners {
			owners = append(owners, ownerName(o, r))
		}
		if self := r.Cluster.ID + "/" + r.Namespace; len(c.Owners) > 1 || len(c.Owners) == 1 && c.Owners[0] != self {
			change.Reason += "; made for " + page.joined(owners)
		}
		as.Changes = append(as.Changes, change)
	}
	page.All = true
	writeChanges(b, page, Pending, as)
}

func writeObjects(b *strings.Builder, page Page, r status.Result) {
	if len(r.Objects) == 0 {
		return
	}
	b.WriteString("\n" + page.Style.Bold("objects of External Secrets") + "\n")
	for _, kind := range kinds(r.Objects) {
		writeKind(b, page, kind)
	}
}

// kinds parts the objects by their kind, in the order given.
func kinds(objects []status.Object) [][]status.Object {
	var out [][]status.Object
	for _, o := range objects {
		i := slices.IndexFunc(out, func(kind []status.Object) bool { return kind[0].Kind == o.Kind })
		if i < 0 {
			out = append(out, nil)
			i = len(out) - 1
		}
		out[i] = append(out[i], o)
	}
	return out
}

// writeKind names the objects of one kind that are not well, and counts the others.
func writeKind(b *strings.Builder, page Page, objects []status.Object) {
	var well, ill []string
	for _, o := range objects {
		if o.Ready == "True" {
			well = append(well, fmt.Sprintf("%s %s: well", o.Kind, o.Name))
		} else {
			ill = append(ill, fmt.Sprintf("%s %s: %s", o.Kind, o.Name, cmp.Or(o.Reason, "the operator has said nothing of it")))
		}
	}
	if len(well) > 0 && !page.All {
		well = []string{many(len(well), objects[0].Kind) + ": well"}
	}
	for _, text := range well {
		b.WriteString(page.Style.Dim("  = "+text) + "\n")
	}
	for _, text := range page.first(ill) {
		b.WriteString(page.Style.Red("  ! "+text) + "\n")
	}
	for _, text := range page.first(cures(objects)) {
		b.WriteString("    " + page.Style.Cyan("hint:") + " " + text + "\n")
	}
}

// cures are what can be done, each once however many objects need it.
func cures(objects []status.Object) (out []string) {
	for _, o := range objects {
		if o.Hint != "" {
			out = words.AddOnce(out, o.Hint)
		}
	}
	return out
}

func writeUnread(b *strings.Builder, page Page, r status.Result) {
	if len(r.Unread) == 0 {
		return
	}
	b.WriteString("\n" + page.Style.Bold("may not be read, or could not be") + "\n")
	var texts []string
	for _, p := range r.Unread {
		texts = append(texts, p.Message)
	}
	for _, text := range page.first(texts) {
		b.WriteString("  ? " + text + "\n")
	}
}
