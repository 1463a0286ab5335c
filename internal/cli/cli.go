// Package cli is the command line: commands, flags, help, and what is printed where. It turns flags into
// bootstrap.Settings and a bootstrap.Result into text or JSON, and speaks to neither AWS nor Kubernetes itself.
package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	ucli "github.com/urfave/cli/v2"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
)

const program = "gen3-bootstrap"

// Process is what the command line needs of the process that it runs in.
type Process struct {
	Args    []string // with the program's name first, as os.Args
	Stdin   io.Reader
	Stdout  io.Writer // results only
	Stderr  io.Writer // everything else
	Getenv  func(string) string
	Environ []string // each "NAME=value"; names of this program that do not exist are told
	Now     func() time.Time
	Build   Build
}

// Run runs one command line and returns the exit code. What it has to say it has printed by then.
// One runs at a time in a process, since the library of the commands keeps its help flag in a global.
func Run(ctx context.Context, p Process) int {
	p.Args = separated(p.Args)
	err := newApp(p).RunContext(ctx, hoist(p.Args))
	var done reported
	if err != nil && !errors.As(err, &done) {
		printUsageError(p, err)
	}
	return ExitCode(err)
}

func newApp(p Process) *ucli.App {
	all := commands(p)
	for i := range all {
		all[i] = all[i].prepared(p.Getenv)
		all[i].unknown = func() []error { return unknownVariables(p.Environ) }
	}
	root := newRoot(p, all)
	root.command = root.prepared(p.Getenv)
	app := &ucli.App{
		Name:                      program,
		HelpName:                  program,
		Flags:                     root.flags(),
		Action:                    root.action,
		CustomAppHelpTemplate:     rootHelp(all),
		HideVersion:               true, // --version is ours, since -v is not a version flag here
		DisableSliceFlagSeparator: true,
		Writer:                    p.Stdout,
		ErrWriter:                 p.Stderr,
		OnUsageError:              refuse,
		ExitErrHandler:            func(*ucli.Context, error) {}, // else urfave prints, and ends the process itself
	}
	app.Commands = grouped(all)
	return app
}

// printUsageError says what is wrong with the command line. Nothing has run, so the document of -o json is empty but
// for the errors.
func printUsageError(p Process, err error) {
	result := usageResult(p.Args, err)
	if output := wantedOutput(p.Args, p.Getenv); output == outputJSON || output == outputYAML {
		// The exit code tells of the failure already; there is no better place to tell of this one.
		_ = report.Document(p.Stdout, report.Form{Tool: p.Build.text(), YAML: output == outputYAML}, documentOf(result))
	}
	noColor := slices.Contains(p.Args, "--no-color")
	report.Problems(p.Stderr, tty.StyleFor(p.Stderr, p.Getenv, noColor), result.Errors)
}

// root is the program without a command. It takes every flag, so that a command line without a command is told just
// that, and not that its first flag is unknown.
type root struct {
	command
	commands []command
	version  *bool
}

func newRoot(p Process, commands []command) root {
	in := newInputs()
	version := new(bool)
	return root{
		commands: commands,
		version:  version,
		command: command{
			groups: append(in.groups(), group{title: "program", options: []option{
				{name: "version", usage: "print the version", into: version, argvOnly: true},
			}}),
			run: func(context.Context) error { return printVersion(p, in) },
		},
	}
}

func (r root) action(ctx *ucli.Context) error {
	switch {
	case ctx.Args().Present():
		return unknownCommand(ctx.Args().First(), r.commands)
	case *r.version:
		return r.run(ctx.Context)
	case ctx.NumFlags() > 0:
		return errors.New("no command is given")
	default:
		return ucli.ShowAppHelp(ctx)
	}
}

// The exit codes of every command.
const (
	ExitOK          = 0
	ExitFailure     = 1 // usage errors included
	ExitPending     = 2 // only under --detailed-exitcode
	ExitInterrupted = 130
)

// errPending is how a command under --detailed-exitcode says that there is something to do.
var errPending = errors.New("there is something to do")

// reported wraps an error that has been printed already.
type reported struct{ error }

func (r reported) Unwrap() error { return r.error }

// ExitCode maps what a command returned to the exit code of the process.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errPending):
		return ExitPending
	case errors.Is(err, bootstrap.ErrInterrupted):
		return ExitInterrupted
	default:
		return ExitFailure
	}
}
