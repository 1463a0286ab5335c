package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/lint"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	rules "github.com/uc-cdis/gen3-bootstrap/gen3/lint"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable/hostile"
)

// printers are all that print text here, each given a text in every place that takes one.
func printers() map[string]func(w io.Writer, page report.Page, text string) error {
	result := func(command string, tense report.Tense, edit func(*bootstrap.Result)) func(io.Writer, report.Page, string) error {
		return func(w io.Writer, page report.Page, text string) error {
			r := hostile.Fill[bootstrap.Result](text)
			r.Command = command
			for i, a := range []plan.Action{plan.Create, plan.Update, plan.Delete, plan.Adopt, plan.None, plan.Blocked} {
				c := r.Changes[0]
				c.Action = a
				if i > 2 { // of another step
					c.Step = "iam-user"
				}
				r.Changes = append(r.Changes, c)
			}
			edit(&r)
			return report.Text(w, page, tense, r)
		}
	}
	whole := func(*bootstrap.Result) {}
	good := func(r *bootstrap.Result) { r.Errors, r.Changes = nil, r.Changes[2:5] }
	about := func(edit func(*status.Result)) func(io.Writer, report.Page, string) error {
		return func(w io.Writer, page report.Page, text string) error {
			r := hostile.Fill[status.Result](text)
			edit(&r)
			return report.Status(w, page, r)
		}
	}
	return map[string]func(w io.Writer, page report.Page, text string) error{
		"plan":               result("plan", report.Pending, whole),
		"up":                 result("up", report.Done, good),
		"up, dry":            result("up", report.Pending, good),
		"up failed":          result("up", report.Done, func(r *bootstrap.Result) { r.Changed = true }),
		"teardown":           result("teardown", report.Done, good),
		"teardown, dry":      result("teardown", report.Pending, whole),
		"an unknown command": result("x", report.Done, good),
		"status":             about(func(*status.Result) {}),
		"status of Secrets": about(func(r *status.Result) {
			r.Keys[0].Ours, r.Secrets[0].Exists = true, true
			r.Secrets[1].Exists, r.Secrets[1].Keeper, r.Secrets[1].Complete = true, "", true
			r.Objects[0].Ready, r.Cluster.Context = "True", ""
		}),
		"status of nothing": about(func(r *status.Result) {
			r.Keys, r.Release, r.Lock, r.Secrets = nil, nil, nil, nil
		}),
		"secrets list": func(w io.Writer, page report.Page, text string) error {
			r := hostile.Fill[secrets.Result](text)
			r.Secrets[0].Shapes, r.Secrets[1].Severity = []gen3.Shape{gen3.Whole, gen3.Property, gen3.Extract}, gen3.StopsPods
			r.Compared.Changes = append(r.Compared.Changes, secrets.Change{Name: text, Before: &r.Secrets[0]}, secrets.Change{Name: text, After: &r.Secrets[0]})
			return report.Secrets(w, page, r)
		},
		"secrets check": func(w io.Writer, page report.Page, text string) error {
			r := hostile.Fill[secrets.CheckResult](text)
			for i := range r.Secrets {
				r.Secrets[i].Findings[0].Severity = gen3.Severity(i + 1)
			}
			return report.Check(w, page, r)
		},
		"lint": func(w io.Writer, page report.Page, text string) error {
			r := hostile.Fill[lint.Result](text)
			r.Findings[0].Level = rules.Error
			return report.Lint(w, page, r)
		},
		"warnings": func(w io.Writer, page report.Page, text string) error {
			report.Warnings(w, page.Style, bootstrap.Warned("test", text, "x "+text))
			return nil
		},
		"problems": func(w io.Writer, page report.Page, text string) error {
			err := hint.With(errors.New(text), text, "run "+hint.Command("aws", "iam", text))
			p := bootstrap.Problem{Step: text, Message: err.Error(), Hint: hint.Of(err)}
			report.Problems(w, page.Style, []bootstrap.Problem{p, {Message: text}})
			return nil
		},
		"an error that nobody told": func(w io.Writer, page report.Page, text string) error {
			r := report.Complete(bootstrap.Result{}, text, hint.With(errors.New(text), text))
			report.Problems(w, page.Style, r.Errors)
			return nil
		},
	}
}

func TestNothingIsPrintedRaw(t *testing.T) {
	t.Parallel()
	pages := map[string]report.Page{
		"a file": {}, "a terminal": {Width: 80, Style: tty.Colour()}, "all": {All: true},
	}
	for what, text := range hostile.Texts() {
		// What prints and is as long, so that only the layout breaks lines.
		harmless := strings.Repeat("x", len([]rune(printable.Line(text))))
		for printer, print := range printers() {
			for on, page := range pages {
				var got, want bytes.Buffer
				if err := errors.Join(print(&got, page, text), print(&want, page, harmless)); err != nil {
					t.Fatal(err)
				}
				t.Run(printer+" on "+on+" what "+what, func(t *testing.T) {
					t.Parallel()
					hostile.Clean(t, got.String())
					if n, m := strings.Count(got.String(), "\n"), strings.Count(want.String(), "\n"); n == 0 || n != m && page.Width == 0 { // where lines are broken between words, other words are broken elsewhere
						t.Errorf("%d lines, and %d with a harmless text:\n%.3000s", n, m, got.String())
					}
				})
			}
		}
	}
}

// TestDocumentsAreWholeAndPrintable: what is written as JSON shows nothing raw either, and is read back as it was.
func TestDocumentsAreWholeAndPrintable(t *testing.T) {
	t.Parallel()
	for what, text := range hostile.Texts() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			want := hostile.Fill[bootstrap.Result](text)
			for i := range want.Changes {
				want.Changes[i].Hint, want.Changes[i].More = "", nil // not in the document
			}
			var out bytes.Buffer
			if err := report.Document(&out, report.Form{Tool: "dev"}, want); err != nil {
				t.Fatal(err)
			}
			hostile.Clean(t, out.String())
			var got bootstrap.Result
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if what == "no UTF-8" {
				return // JSON has no form for it
			}
			if diff := cmp.Diff(want, got, sameText()); diff != "" {
				t.Errorf("%.2000s", diff)
			}
		})
	}
}

// sameText compares resources as a document shows them.
func sameText() cmp.Option {
	return cmp.Comparer(func(a, b plan.Resource) bool { return a.String() == b.String() })
}
