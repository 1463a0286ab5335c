package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Everywhere writes a line for each namespace, as kubectl does.
func Everywhere(w io.Writer, page Page, r status.Everywhere) error {
	if len(r.Errors) > 0 {
		return nil
	}
	r = printable.Document(r)
	if len(r.Namespaces) == 0 {
		_, err := fmt.Fprintln(w, "no namespace of cluster "+cmp.Or(r.Cluster.Context, r.Cluster.Server)+" has a record of gen3-bootstrap")
		return err
	}
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	if !page.Quiet {
		_, _ = fmt.Fprintln(table, "NAMESPACE\tACCOUNT\tREGION\tMODE\tKEY\tAGE\tSTATUS")
	}
	for _, n := range r.Namespaces {
		verdict := strings.TrimPrefix(verdict(n), "status: ")
		if len(n.Errors) > 0 {
			verdict = n.Errors[0].Message
		}
		if page.Quiet && len(n.Errors) == 0 && n.Well() {
			continue
		}
		key, age := "-", "-"
		for _, k := range n.Keys {
			if k.InUse && k.Ours {
				key, age = k.ID, roundAge(time.Duration(k.AgeSeconds)*time.Second)
			}
		}
		_, _ = fmt.Fprintln(table, strings.Join([]string{n.Namespace, n.Account, n.Region, cmp.Or(n.Mode, "-"), key, age, verdict}, "\t"))
	}
	_ = table.Flush() // into memory
	ill := 0
	for _, n := range r.Namespaces {
		if len(n.Errors) > 0 || !n.Well() {
			ill++
		}
	}
	fmt.Fprintf(&b, "%s\n", page.Style.Bold(fmt.Sprintf("status: %s, %d not well", words.Counted(len(r.Namespaces), "namespace"), ill)))
	_, err := io.WriteString(w, b.String())
	return err
}

// roundAge is an age as kubectl shows it.
func roundAge(age time.Duration) string {
	switch {
	case age >= 48*time.Hour:
		return fmt.Sprintf("%dd", int(age/(24*time.Hour)))
	case age >= 2*time.Hour:
		return fmt.Sprintf("%dh", int(age/time.Hour))
	default:
		return fmt.Sprintf("%dm", int(age/time.Minute))
	}
}
