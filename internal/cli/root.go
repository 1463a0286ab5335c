package cli

import (
	"context"
	"errors"

	ucli "github.com/urfave/cli/v2"
)

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
