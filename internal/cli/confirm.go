package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli/progress"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
)

type confirmFunc = func(ctx context.Context, question, want string) (bool, error)

// confirmer returns what asks the person at the terminal, or nil where there is none.
func confirmer(p Process, shown *progress.Progress) confirmFunc {
	if !tty.IsTerminal(p.Stdin) || !tty.IsTerminal(p.Stderr) {
		return nil
	}
	return func(ctx context.Context, question, want string) (yes bool, err error) {
		shown.Aside(func() { yes, err = ask(ctx, p.Stdin, p.Stderr, question, want) })
		return yes, err
	}
}

// ask prints the question and reports whether the answer is want, to the letter. Anything else, end of input included,
// is a no. A cancelled context ends it, though not the read: that one ends with the process.
func ask(ctx context.Context, stdin io.Reader, stderr io.Writer, question, want string) (bool, error) {
	if _, err := fmt.Fprintf(stderr, "%s\ntype %s to go on: ", question, want); err != nil {
		return false, fmt.Errorf("ask at the terminal: %w", err)
	}
	answer := make(chan string, 1)
	go func() {
		// An error leaves what was typed before it, which is judged like any answer.
		line, _ := bufio.NewReader(stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		return strings.TrimSpace(line) == want, nil
	case <-ctx.Done():
		fmt.Fprintln(stderr)
		return false, context.Cause(ctx)
	}
}
