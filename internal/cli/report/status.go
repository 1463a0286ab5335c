package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Status writes on one screen what status found. A run that ended before it looked at anything has nothing to show.
func Status(w io.Writer, page Page, r bootstrap.StatusResult) error {
	if r.Mode == "" {
		return nil
	}
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

// fact writes one line of the head; what is empty has none.
func fact(b *strings.Builder, name, text string) {
	if text != "" {
		fmt.Fprintf(b, "  %-10s  %s\n", name, text)
	}
}

func writeFacts(b *strings.Builder, r bootstrap.StatusResult) {
	fact(b, "release", releaseFact(r))
	for _, k := range r.Keys {
		fact(b, "access key", keyFact(k, r))
	}
	if len(r.Keys) == 0 && unread(r, iamsetup.KeyStep) {
		fact(b, "access key", notKnown)
	}
	for _, s := range r.Secrets {
		fact(b, "Secret", secretFact(s))
	}
	if r.Role != nil {
		fact(b, "role", roleFact(*r.Role))
	}
	for _, m := range r.OpenMints {
		fact(b, "open mint", fmt.Sprintf("of a key for user %s, announced %s, %s", m.User, m.Started.Format(time.RFC3339), cmp.Or(m.KeyID, "its key is not known")))
	}
	fact(b, "lock", lockFact(r))
}

const notKnown = "not known: see below"

// unread reports whether something of a step could not be read.
func unread(r bootstrap.StatusResult, step string) bool {
	return slices.ContainsFunc(r.Unread, func(p bootstrap.Problem) bool { return p.Step == step })
}

func lockFact(r bootstrap.StatusResult) string {
	switch {
	case r.Lock == nil && unread(r, bootstrap.LockStep):
		return notKnown
	case r.Lock == nil:
		return "nobody holds it"
	case r.Lock.Dead:
		return r.Lock.Holder + "; that process is gone, so the next run takes it"
	default:
		return r.Lock.Holder
	}
}

func releaseFact(result bootstrap.StatusResult) string {
	r := result.Release
	looked := slices.ContainsFunc(result.Resources, func(c bootstrap.StatusResource) bool { return c.Step == bootstrap.HelmStep })
	switch {
	case r == nil && unread(result, bootstrap.HelmStep):
		return notKnown
	case r == nil && !looked:
		return "not looked at (--skip-helm)"
	case r == nil:
		return "none"
	}
	owner := "not made by gen3-bootstrap"
	if r.Ours {
		owner = "made by gen3-bootstrap"
	}
	available := "no operator is available"
	if r.Available {
		available = "available"
	}
	parts := []string{
		r.Namespace + "/" + r.Name, "chart " + cmp.Or(r.ChartVersion, "unknown"), "operator " + cmp.Or(r.OperatorVersion, "unknown"),
		fmt.Sprintf("revision %d", r.Revision), r.State, available, owner,
	}
	if len(r.ServedVersions) > 0 {
		parts = append(parts, "serves "+strings.Join(r.ServedVersions, " and "))
	}
	return strings.Join(parts, ", ")
}

func keyFact(k bootstrap.StatusKey, r bootstrap.StatusResult) string {
	parts := []string{k.ID, iamsetup.Age(time.Duration(k.AgeSeconds)*time.Second) + " old"}
	if !k.Active {
		parts = append(parts, "inactive")
	}
	if k.LastUsed == nil {
		parts = append(parts, "never used")
	} else {
		parts = append(parts, "last used for "+k.Service+" at "+k.LastUsed.Format(time.RFC3339))
	}
	switch {
	case k.Ours:
		parts = append(parts, "ours")
	case k.Owner != "":
		parts = append(parts, "of "+ownerName(k.Owner, r))
	default:
		parts = append(parts, "owner unknown")
	}
	if len(k.Secrets) > 0 {
		parts = append(parts, "in "+strings.Join(k.Secrets, ", "))
	} else if k.Owner == "" || k.Ours {
		parts = append(parts, "in no Secret of this namespace")
	}
	return strings.Join(parts, ", ")
}

// ownerName is an owner as somebody in this cluster calls it.
func ownerName(owner string, r bootstrap.StatusResult) string {
	namespace, here := strings.CutPrefix(owner, r.Cluster.ID+"/")
	switch {
	case r.Cluster.ID == "" || !here:
		return "cluster " + strings.Replace(owner, "/", " namespace ", 1)
	case namespace == r.Namespace:
		return "this namespace"
	default:
		return "namespace " + namespace
	}
}

func secretFact(s bootstrap.StatusSecret) string {
	switch {
	case !s.Exists:
		return s.Name + " is not there"
	case s.KeyID == "":
		return s.Name + " holds no access key"
	}
	text := s.Name + " holds " + s.KeyID
	if !s.Complete {
		text += ", and its entries do not all fit that key"
	}
	switch {
	case s.Keeper != "":
		text += "; " + s.Keeper + " writes it"
	case !s.Ours:
		text += "; not made by gen3-bootstrap"
	}
	return text
}

func roleFact(r bootstrap.StatusRole) string {
	text := r.ARN + " lets in " + cmp.Or(strings.Join(r.Trusts, ", "), "nobody that gen3-bootstrap entered")
	if r.OtherStatements > 0 {
		text += ", and whom " + many(r.OtherStatements, "statement") + " of somebody else's may name"
	}
	return text
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
		text := strings.ReplaceAll(cmp.Or(o.Reason, map[bool]string{true: "well", false: "the operator has said nothing of it"}[o.Ready == "True"]), "\n", " ")
		b.WriteString(paint(fmt.Sprintf("  %s %s %s: %s", mark, o.Kind, o.Name, text)) + "\n")
	}
}

func writeUnread(b *strings.Builder, page Page, r bootstrap.StatusResult) {
	for i, p := range r.Unread {
		if i == 0 {
			b.WriteString("\n" + page.Style.Bold("may not be read, or could not be") + "\n")
		}
		b.WriteString("  ? " + strings.ReplaceAll(p.Message, "\n", " ") + "\n")
	}
}

// verdict sums up in one line.
func verdict(r bootstrap.StatusResult) string {
	pending, blocked, ill := 0, 0, 0
	for _, c := range r.Resources {
		switch c.Action {
		case plan.None:
		case plan.Blocked:
			blocked++
		case plan.Create, plan.Update, plan.Delete, plan.Adopt:
			pending++
		}
	}
	for _, o := range r.Objects {
		if o.Ready != "True" {
			ill++
		}
	}
	var parts []string
	if pending > 0 {
		parts = append(parts, "up would make "+many(pending, "change"))
	}
	if blocked > 0 {
		parts = append(parts, "up would refuse for "+many(blocked, "reason"))
	}
	if ill > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s of External Secrets not ready", ill, many(len(r.Objects), "object")))
	}
	if len(r.Unread) > 0 {
		parts = append(parts, "not everything could be read")
	}
	if len(parts) == 0 {
		return "status: as wanted"
	}
	return "status: " + strings.Join(parts, "; ")
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
