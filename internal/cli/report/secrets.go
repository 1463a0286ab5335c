package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

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
	b.WriteString("\n" + page.Style.Bold(summed(r)) + "\n")
	if len(r.Secrets) > 0 {
		writeNextAtTerminal(&b, page, page.Again("secrets check", append(ofThisRun(), "compare-version", "compare-values")))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func summed(r secrets.Result) string {
	if len(r.Secrets) == 0 {
		return "nothing is read from Secrets Manager"
	}
	stop := 0
	for _, s := range r.Secrets {
		if s.Severity == gen3.StopsPods {
			stop++
		}
	}
	return fmt.Sprintf("%s; without %d of them pods do not start", words.Counted(len(r.Secrets), "secret"), stop)
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
	line := func(name string, texts ...string) {
		if len(texts) > 0 {
			fmt.Fprintf(b, "  %-8s  %s\n", name, page.laid(len("  read by   "), texts))
		}
	}
	line("breaks", breaks(page, s)...)
	line("read by", page.few(readersOf(s.Readers))...)
	into := slices.Clone(s.KubeSecrets)
	for i := range into {
		into[i] = "Secret " + into[i]
	}
	line("into", into...)
	setBy := slices.Clone(s.SetBy)
	if s.AlsoKubernetes {
		setBy = append(setBy, "which becomes a Kubernetes name as well")
	}
	line("set by", setBy...)
}

// laid puts texts one after the other, and begins a new line where the page ends, below the first.
func (p Page) laid(before int, texts []string) string {
	var b strings.Builder
	used := before
	for i, text := range texts {
		if i < len(texts)-1 {
			text += ","
		}
		n := utf8.RuneCountInString(text)
		switch {
		case i == 0:
		case p.Width > 0 && used+1+n > p.Width:
			b.WriteString("\n" + strings.Repeat(" ", before))
			used = before
		default:
			b.WriteString(" ")
			used++
		}
		b.WriteString(text)
		used += n
	}
	return b.String()
}

// few are the texts, or the first of many with a last one that counts the rest.
func (p Page) few(texts []string) []string {
	if p.All || len(texts) <= words.Most {
		return texts
	}
	return append(slices.Clone(texts[:words.Most]), fmt.Sprintf("and %d more (--all shows them)", len(texts)-words.Most))
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
func breaks(page Page, s secrets.Secret) []string {
	switch s.Severity {
	case gen3.StopsPods:
		var who []string
		for _, r := range s.Readers {
			if !r.Optional && !strings.HasPrefix(r.By, "Job ") && !strings.HasPrefix(r.By, "CronJob ") && !strings.HasPrefix(r.By, "ConfigMap ") {
				who = words.AddOnce(who, r.By)
			}
		}
		who = page.few(who)
		if len(who) > 0 {
			who[0] = "pods do not start: " + who[0]
		}
		return who
	case gen3.AtUse:
		return []string{"what uses it fails"}
	case gen3.JobsOnly:
		return []string{"jobs only"}
	case gen3.Optional:
		return []string{"nothing: it is read as optional"}
	case gen3.SyncOnly:
	}
	return []string{"nothing reads it; the ExternalSecret reports an error"}
}

// readersOf names each reader once, with all keys that it reads.
func readersOf(readers []secrets.Reader) []string {
	var who []string
	keys := map[string][]string{}
	for _, r := range readers {
		who = words.AddOnce(who, r.By)
		for _, key := range r.Keys {
			keys[r.By] = words.AddOnce(keys[r.By], key)
		}
	}
	for i, by := range who {
		if len(keys[by]) > 0 {
			who[i] = by + " (" + strings.Join(keys[by], ", ") + ")"
		}
	}
	return who
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
	if r.Unnamed != "" {
		b.WriteString("\n" + page.Style.Bold("which value sets each name is not known") + "\n  " + r.Unnamed + "\n")
	}
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
