package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/progress"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

type confirmFunc = func(context.Context, bootstrap.Question) (bool, error)

// confirmer returns what asks the person at the terminal.
func confirmer(p Process, shown *progress.Progress, page report.Page) confirmFunc {
	return func(ctx context.Context, q bootstrap.Question) (yes bool, err error) {
		shown.Aside(func() { yes, err = ask(ctx, p.Stdin, p.Stderr, q, page) })
		return yes, err
	}
}

// asker returns what asks that person for a line.
func asker(p Process, shown *progress.Progress) func(context.Context, string) (string, error) {
	return func(ctx context.Context, prompt string) (line string, err error) {
		shown.Aside(func() { line, err = readLine(ctx, p.Stdin, p.Stderr, printable.Line(prompt)) })
		return line, err
	}
}

// lender returns what lends the terminal to a program that signs in.
func lender(p Process, shown *progress.Progress) kube.Terminal {
	return func(run func(io.Reader, io.Writer) error) (err error) {
		shown.Aside(func() { err = run(p.Stdin, p.Stderr) })
		return err
	}
}

func atTerminal(p Process) bool { return tty.IsTerminal(p.Stdin) && tty.IsTerminal(p.Stderr) }

// ask prints the question and reports whether the answer is the wanted one, to the letter. Anything else, end of input
// included, is a no.
func ask(ctx context.Context, stdin io.Reader, stderr io.Writer, q bootstrap.Question, page report.Page) (bool, error) {
	if q.Plan != nil {
		if err := report.Plan(stderr, page, *q.Plan); err != nil {
			return false, fmt.Errorf("ask at the terminal: %w", err)
		}
	}
	line, err := readLine(ctx, stdin, stderr, questionText(q))
	return line == q.Want, err
}

// readLine prints a prompt and returns what was typed, without blanks around it. A cancelled context ends it, though not the
// read: that one ends with the process.
func readLine(ctx context.Context, stdin io.Reader, stderr io.Writer, prompt string) (string, error) {
	if _, err := io.WriteString(stderr, prompt); err != nil {
		return "", fmt.Errorf("ask at the terminal: %w", err)
	}
	answer := make(chan string, 1)
	go func() {
		// An error leaves what was typed before it, which is judged like any answer.
		line, _ := bufio.NewReader(stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		return strings.TrimSpace(line), nil
	case <-ctx.Done():
		fmt.Fprintln(stderr)
		return "", context.Cause(ctx)
	}
}

// questionText is a line for what is asked, one for each item, and what to type.
func questionText(q bootstrap.Question) string {
	q = printable.Document(q)
	column := 0
	for _, item := range q.Items {
		column = max(column, utf8.RuneCountInString(item.Name))
	}
	var b strings.Builder
	if q.Plan != nil {
		b.WriteString("\n" + report.Where(*q.Plan) + "\n")
	}
	if q.Asks != "" {
		b.WriteString(q.Asks + "\n")
	}
	for _, item := range q.Items {
		fmt.Fprintf(&b, "  %-*s  %s\n", column, item.Name, item.Text)
	}
	if q.Note != "" {
		b.WriteString(q.Note + "\n")
	}
	fmt.Fprintf(&b, "type %s to go on: ", q.Want)
	return b.String()
}
