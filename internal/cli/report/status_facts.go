package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
)

// fact writes one line of the head; what is empty has none.
func fact(b *strings.Builder, name, text string) {
	if text != "" {
		fmt.Fprintf(b, "  %-10s  %s\n", name, text)
	}
}

// facts writes the lines of one name.
func facts(b *strings.Builder, page Page, name string, texts []string) {
	for _, text := range page.first(texts) {
		fact(b, name, text)
	}
}

func writeFacts(b *strings.Builder, page Page, r status.Result) {
	fact(b, "release", releaseFact(r))
	var keys, secrets, mints []string
	for _, k := range r.Keys {
		keys = append(keys, keyFact(page, k, r))
	}
	facts(b, page, "access key", keys)
	if len(r.Keys) == 0 && unread(r, accesskey.Step) {
		fact(b, "access key", notKnown)
	}
	for _, s := range r.Secrets {
		secrets = append(secrets, secretFact(s))
	}
	facts(b, page, "Secret", secrets)
	if r.Role != nil {
		fact(b, "role", roleFact(page, *r.Role))
	}
	for _, m := range r.OpenMints {
		mints = append(mints, fmt.Sprintf("of a key for user %s, announced %s", m.User, m.Started.Format(time.RFC3339)))
	}
	facts(b, page, "open mint", mints)
	fact(b, "lock", lockFact(r))
}

const notKnown = "not known: see below"

// unread reports whether something of a step could not be read.
func unread(r status.Result, step string) bool {
	return slices.ContainsFunc(r.Unread, func(p bootstrap.Problem) bool { return p.Step == step })
}

func lockFact(r status.Result) string {
	switch {
	case r.Lock == nil && unread(r, status.LockStep):
		return notKnown
	case r.Lock == nil:
		return "nobody holds it"
	default:
		return r.Lock.Holder + "; its Lease ends at " + r.Lock.Expires.Format(time.RFC3339) + " unless it is renewed"
	}
}

func releaseFact(result status.Result) string {
	r := result.Release
	looked := slices.ContainsFunc(result.Resources, func(c status.Resource) bool { return c.Step == bootstrap.HelmStep })
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
	switch r.Webhook {
	case string(webhook.None):
		parts = append(parts, "no webhook")
	case string(webhook.Answers):
		parts = append(parts, "its webhook answers")
	case string(webhook.Unreachable):
		parts = append(parts, "its webhook is unreachable")
	case string(webhook.Unknown):
		parts = append(parts, "whether its webhook answers is not known")
	}
	return strings.Join(parts, ", ")
}

func keyFact(page Page, k status.Key, r status.Result) string {
	parts := []string{k.ID, iamsetup.Age(time.Duration(k.AgeSeconds)*time.Second) + " old"}
	if !k.Active {
		parts = append(parts, "inactive")
	}
	switch {
	case k.UseUnread:
		parts = append(parts, "last use not known")
	case k.LastUsed == nil:
		parts = append(parts, "never used")
	default:
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
		parts = append(parts, "in "+page.joined(k.Secrets))
	} else if k.Owner == "" || k.Ours {
		parts = append(parts, "in no Secret of this namespace")
	}
	return strings.Join(parts, ", ")
}

// ownerName is an owner as somebody in this cluster calls it.
func ownerName(owner string, r status.Result) string {
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

func secretFact(s status.Secret) string {
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

func roleFact(page Page, r status.Role) string {
	text := r.ARN + " lets in " + cmp.Or(page.joined(r.Trusts), "nobody that gen3-bootstrap entered")
	if r.OtherStatements > 0 {
		text += ", and whom " + many(r.OtherStatements, "statement") + " of somebody else's may name"
	}
	return text
}
