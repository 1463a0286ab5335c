package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Secrets writes what a deployment reads from Secrets Manager, a paragraph a secret.
func Secrets(w io.Writer, page Page, r secrets.Result) error {
	r = printable.Document(r)
	var b strings.Builder
	b.WriteString(page.Style.Bold(source(r)) + "\n")
	for _, s := range r.Secrets {
		b.WriteString("\n")
		writeSecret(&b, page, s)
	}
	if r.Compared != nil {
		writeComparison(&b, page, *r.Compared)
	}
	writeAside(&b, page, r)
	stop := 0
	for _, s := range r.Secrets {
		if s.Severity == gen3.StopsPods {
			stop++
		}
	}
	b.WriteString("\n" + page.Style.Bold(fmt.Sprintf("%s; without %d of them pods do not start", words.Counted(len(r.Secrets), "secret"), stop)) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func source(r secrets.Result) string {
	out := "gen3 chart"
	if r.Chart.Version != "" {
		out += " " + r.Chart.Version
	}
	switch r.Source {
	case deployment.Files:
		return out + ", rendered as release " + r.Release
	case deployment.Release:
		return out + ", release " + r.Release + " in namespace " + r.Namespace
	}
	return "live objects in namespace " + r.Namespace
}

func writeSecret(b *strings.Builder, page Page, s secrets.Secret) {
	b.WriteString(page.Style.Cyan(s.Name) + "  " + needs(s) + "\n")
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "  %-8s  %s\n", name, text)
		}
	}
	line("breaks", breaks(s))
	readers := []string{}
	for _, r := range s.Readers {
		readers = words.AddOnce(readers, readerText(r))
	}
	line("read by", page.joined(readers))
	line("into", "Secret "+strings.Join(s.KubeSecrets, ", Secret "))
	setBy := strings.Join(s.SetBy, ", ")
	if s.AlsoKubernetes {
		setBy += ", which becomes a Kubernetes name as well"
	}
	line("set by", setBy)
}

// needs says what must be in the secret.
func needs(s secrets.Secret) string {
	var out []string
	for _, shape := range s.Shapes {
		switch shape {
		case gen3.Whole:
			text := "whole"
			if len(s.Formats) > 0 {
				text += ": " + strings.Join(s.Formats, ", ")
			}
			out = append(out, text)
		case gen3.Property:
			out = append(out, "JSON with "+strings.Join(s.Properties, ", "))
		case gen3.Extract:
			text := "JSON object"
			if len(s.Keys) > 0 {
				text += " with " + strings.Join(s.Keys, ", ")
			}
			out = append(out, text)
		}
	}
	if slices.Contains(s.Shapes, gen3.Whole) && len(s.Shapes) > 1 {
		return strings.Join(out, " and ") + ": these contradict each other"
	}
	return strings.Join(out, "; ")
}

// breaks says what comes of it when the secret is missing.
func breaks(s secrets.Secret) string {
	switch s.Severity {
	case gen3.StopsPods:
		var who []string
		for _, r := range s.Readers {
			if !r.Optional && !strings.HasPrefix(r.By, "Job ") && !strings.HasPrefix(r.By, "CronJob ") && !strings.HasPrefix(r.By, "ConfigMap ") {
				who = words.AddOnce(who, r.By)
			}
		}
		return "pods do not start: " + words.Few(who)
	case gen3.AtUse:
		return "what uses it fails"
	case gen3.JobsOnly:
		return "jobs only"
	case gen3.Optional:
		return "nothing: it is read as optional"
	case gen3.SyncOnly:
	}
	return "nothing reads it; the ExternalSecret reports an error"
}

func readerText(r secrets.Reader) string {
	out := r.By
	if len(r.Keys) > 0 {
		out += " (" + strings.Join(r.Keys, ", ") + ")"
	}
	return out
}

func writeComparison(b *strings.Builder, page Page, c secrets.Comparison) {
	b.WriteString("\n" + page.Style.Bold("with gen3 chart "+c.Version) + "\n")
	if len(c.Changes) == 0 {
		b.WriteString("  the same\n")
	}
	for _, change := range c.Changes {
		switch {
		case change.Before == nil:
			fmt.Fprintf(b, "  %s %s  %s\n", page.Style.Green("+"), change.Name, needs(*change.After))
		case change.After == nil:
			fmt.Fprintf(b, "  %s %s  is not read any more\n", page.Style.Red("-"), change.Name)
		default:
			fmt.Fprintf(b, "  %s %s  %s → %s\n", page.Style.Yellow("~"), change.Name, needs(*change.Before), needs(*change.After))
		}
	}
}

// writeAside tells what could not be looked at.
func writeAside(b *strings.Builder, page Page, r secrets.Result) {
	if len(r.LeftOut)+len(r.Unjudged) == 0 {
		return
	}
	b.WriteString("\n" + page.Style.Bold("not looked at") + "\n")
	for _, l := range r.LeftOut {
		text := fmt.Sprintf("%s, a dependency of chart %s that is not part of it", l.Name, l.Parent)
		if l.Condition != "" {
			text += " (switched on by " + l.Condition + ")"
		}
		b.WriteString("  " + text + "\n")
	}
	for _, text := range r.Unjudged {
		b.WriteString("  " + text + "\n")
	}
}
