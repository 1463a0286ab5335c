package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/progress"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// session is one run of one command, from its settings to what is printed.
type session struct {
	Process
	*inputs
	command string
	tense   report.Tense
	out     string // the file that a plan is written to
}

// work is a run of the engine, such as bootstrap.Up.
type work func(context.Context, bootstrap.Settings, bootstrap.Env) (bootstrap.Result, error)

func newSession(p Process, in *inputs, command string, tense report.Tense) session {
	return session{Process: p, inputs: in, command: command, tense: tense}
}

// run does the work with its progress on stderr, and prints the result. Its error has been printed.
func (s session) run(ctx context.Context, do work) (bootstrap.Result, error) {
	shown := s.progress()
	stop := context.AfterFunc(ctx, func() {
		shown.Notice("interrupted: finishing or undoing what was begun; a second signal ends at once")
	})
	result, err := do(ctx, s.settings, s.env(shown))
	stop()
	shown.Close()
	result = report.Complete(result, s.command, err)
	return result, s.print(result, err)
}

// env is what a run needs of the process.
func (s session) env(shown *progress.Progress) bootstrap.Env {
	env := bootstrap.Env{Now: s.Now, Sink: shown, Log: s.logger(shown)}
	if atTerminal(s.Process) {
		env.Confirm, env.Ask, env.Terminal, env.Stderr = confirmer(s.Process, shown, s.pageOf(s.Stderr)), asker(s.Process, shown), lender(s.Process, shown), s.Stderr
	}
	return env
}

// print puts the result on stdout, and warnings and errors on stderr.
func (s session) print(result bootstrap.Result, err error) error {
	if result.Cancelled && !s.machine() { // the plan stands above the question
		for _, p := range result.Errors {
			fmt.Fprintln(s.Stderr, p.Message)
		}
		return reported{err}
	}
	lost := s.write(result, func(w io.Writer, page report.Page) error { return report.Text(w, page, s.tense, result) }, result.Warnings, result.Errors)
	if hint := report.Resume(result, s.tense); err != nil && hint != "" {
		report.Hint(s.Stderr, s.style(s.Stderr), hint)
	}
	if err != nil {
		return reported{err}
	}
	return written(s.Stderr, lost)
}

// write puts what a command found on stdout in the form that was asked for, and for a person warnings and errors on stderr.
func (s session) write(document any, text func(io.Writer, report.Page) error, warnings []bootstrap.Warning, problems []bootstrap.Problem) (lost error) {
	switch s.output {
	case outputJSON, outputYAML:
		lost = report.Document(s.Stdout, s.form(), document)
	case outputMarkdown:
		var plain bytes.Buffer
		if lost = text(&plain, report.Page{All: s.settings.All, Quiet: s.quiet}); lost == nil {
			lost = report.Markdown(s.Stdout, s.command, plain.String(), warnings, problems)
		}
	default:
		lost = text(s.Stdout, s.page())
	}
	report.Warnings(s.Stderr, s.style(s.Stderr), warnings)
	report.Problems(s.Stderr, s.style(s.Stderr), problems)
	return lost
}

// form is how documents are written.
func (s session) form() report.Form {
	return report.Form{Tool: s.Build.text(), YAML: s.output == outputYAML}
}

// machine reports whether a program reads what is on stdout.
func (s session) machine() bool { return s.output == outputJSON || s.output == outputYAML }

func (s session) progress() *progress.Progress {
	if s.quiet {
		return progress.New(s.Stderr, progress.Quiet(), s.Now)
	}
	// A log scrolls faster than anybody reads the lines below it, and a dumb terminal cannot move its cursor.
	if s.verbose || !tty.IsTerminal(s.Stderr) || s.Getenv("TERM") == "dumb" {
		return progress.New(s.Stderr, progress.Plain(s.style(s.Stderr)), s.Now)
	}
	width := func() int { return tty.Width(s.Stderr) }
	return progress.New(s.Stderr, progress.Live(s.style(s.Stderr), width), s.Now)
}

func (s session) logger(w io.Writer) *slog.Logger {
	if !s.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(printable.Lines(w), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (s session) style(w io.Writer) tty.Style { return tty.StyleFor(w, s.Getenv, s.noColor) }

func (s session) page() report.Page { return s.pageOf(s.Stdout) }

// pageOf is the page that a stream shows.
func (s session) pageOf(w io.Writer) report.Page {
	page := report.Page{Style: s.style(w), All: s.settings.All, Quiet: s.quiet, Invocation: s.settings.Invocation(), Flags: s.flags(), Out: s.out, Gen3Version: s.settings.Gen3Version}
	if tty.IsTerminal(w) {
		page.Width = tty.Width(w)
	}
	return page
}

// flags are those of this run's command line, for the commands that come next. What --set gives a key that may be secret is not repeated.
func (s session) flags() []report.Flag {
	args := hoist(s.Args)
	arity := flagArity()
	var out []report.Flag
	for i := 1; i < len(args); i++ {
		name, inline := flagName(args[i])
		takes, known := arity[name]
		if !known {
			continue // the command
		}
		words := []string{args[i]}
		if takes && !inline && i+1 < len(args) {
			i++
			words = append(words, args[i])
		}
		if strings.HasPrefix(name, "set") && len(words) == 2 {
			if key, _, _ := strings.Cut(words[1], "="); helmvalues.MayBeSecret(key) {
				words[1] = key + "=VALUE"
			}
		}
		out = append(out, report.Flag{Name: name, Words: words})
	}
	return out
}

// written judges an error of writing the result. A reader that has seen enough, such as head, is none; a full disk is.
func written(stderr io.Writer, err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	err = fmt.Errorf("write result to stdout: %w", err)
	report.Problems(stderr, tty.Style{}, []bootstrap.Problem{{Message: err.Error()}})
	return reported{err}
}
