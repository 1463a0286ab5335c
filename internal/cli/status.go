package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newStatus(p Process) command {
	in := newInputs()
	age, exitCode, everywhere := "", false, false
	own := group{"status", []option{
		{name: "max-key-age", arg: "AGE", into: &age, fallback: "no limit", usage: "exit with 1 when an access key of this namespace is older, such as 90d or 12h"},
		{name: "all-namespaces", short: "A", into: &everywhere, usage: "a line for each namespace of the cluster that has a record"},
		{name: "exit-code", into: &exitCode, usage: "exit with 0 when all is well, 2 when something differs or is not well, 1 when it could not look"},
	}}
	return command{
		name:    "status",
		summary: "say what there is, whose it is, and what differs; write nothing",
		about: "Shows release, access key with its age and last use, Secrets, role and trust, the lock, each resource with what up\n" +
			"would do to it, and the objects of External Secrets in the namespace: those that are well are counted, and\n" +
			"the first ten of a kind that are not are named; --all names each. Names come from the record of the last up.\n" +
			"What may not be read is said and is no failure: whoever may read only a part sees that part.\n\n" +
			"Exits with 0 when it could look, also when something differs or is not well; with 1 when account or cluster\n" +
			"could not be spoken to, and under --max-key-age when a key is too old or its age may not be read.",
		example: []string{
			"gen3-bootstrap status --account 111122223333 --region us-east-1 -n gen3",
			"gen3-bootstrap status --account 111122223333 --region us-east-1 -n gen3 --max-key-age 90d -q",
		},
		groups: append([]group{own}, withoutWriting(in.recalledGroups())...),
		run: func(ctx context.Context) error {
			limit, err := parseAge(age)
			if err != nil {
				return fmt.Errorf("invalid value %q for --max-key-age: %w", age, err)
			}
			s := newSession(p, in, "status", report.Done)
			if everywhere {
				return s.printEverywhere(ctx, limit, exitCode)
			}
			return s.printStatus(ctx, limit, exitCode)
		},
	}
}

// printEverywhere puts a line for each namespace on stdout.
func (s session) printEverywhere(ctx context.Context, maxKeyAge time.Duration, exitCode bool) error {
	if s.settings.Given["namespace"] == "flag" {
		return errors.New("flags -n and -A contradict each other: give one of them")
	}
	shown := s.progress()
	result, err := status.All(ctx, s.settings, maxKeyAge, s.env(shown))
	shown.Close()
	lost := s.write(result, func(w io.Writer, page report.Page) error { return report.Everywhere(w, page, result) }, result.Warnings, result.Errors)
	switch {
	case err != nil:
		return reported{err}
	case exitCode && lost == nil && !result.Well():
		return reported{errPending}
	}
	return written(s.Stderr, lost)
}

// errUnread is how status asks for its exit code where not everything could be looked at.
var errUnread = errors.New("not everything could be read")

// parseAge takes days as well as what Go takes for a duration. Nothing is no limit.
func parseAge(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	age, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n float64
		n, err = strconv.ParseFloat(days, 64)
		age = time.Duration(n * float64(24*time.Hour))
	}
	if err != nil || age <= 0 {
		return 0, errors.New("must be an age such as 90d, 12h or 30m")
	}
	return age, nil
}

// printStatus puts what was found on stdout, and what is wrong on stderr.
func (s session) printStatus(ctx context.Context, maxKeyAge time.Duration, exitCode bool) error {
	shown := s.progress()
	result, err := status.Run(ctx, s.settings, maxKeyAge, s.env(shown))
	shown.Close()
	lost := s.write(result, func(w io.Writer, page report.Page) error { return report.Status(w, page, result) }, result.Warnings, result.Errors)
	switch {
	case err != nil:
		return reported{err}
	case exitCode && lost == nil && !result.Well():
		return reported{errPending}
	case exitCode && lost == nil && len(result.Unread) > 0:
		return reported{errUnread}
	}
	return written(s.Stderr, lost)
}
