package cli

import (
	"context"
	"errors"
	"fmt"

	ucli "github.com/urfave/cli/v2"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
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
		return r.unknown(ctx.Args().First())
	case *r.version:
		return r.run(ctx.Context)
	case ctx.NumFlags() > 0:
		return errors.New("no command is given")
	default:
		return ucli.ShowAppHelp(ctx)
	}
}

func (r root) unknown(name string) error {
	err := fmt.Errorf("unknown command %q", name)
	names := make([]string, 0, len(r.commands))
	for _, c := range r.commands {
		names = append(names, c.name)
	}
	if near := closest(name, names); near != "" {
		return hint.With(err, "did you mean "+near+"?")
	}
	return err
}
