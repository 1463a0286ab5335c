package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	ucli "github.com/urfave/cli/v2"
)

// command is one command of the program: its flags, its help, and what it does.
type command struct {
	name    string         // of one of a family, such as "secrets list", both words
	summary string         // one line, for the list of commands
	about   string         // paragraphs for its own help
	example []string       // command lines, the first one the usual case
	groups  []group        // its flags in the order of the help
	help    string         // what --help prints
	all     string         // what --help-all prints
	environ []error        // what the environment holds that a flag would not take
	unknown func() []error // names in the environment that no flag reads
	run     func(context.Context) error
}

// commands lists the commands in the order of the help. A new one is a file of its own and a line here.
func commands(p Process) []command {
	return []command{
		newUp(p),
		newPlan(p),
		newStatus(p),
		newVerify(p),
		newRotate(p),
		newTeardown(p),
		newValues(p),
		newSecretsList(p),
		newSecretsCheck(p),
		newSecretsGenerate(p),
		newSecretsPush(p),
		newLint(p),
		newConfigExport(p),
		newVersion(p),
	}
}

// prepared writes the help, with the defaults as they are for everybody, and then reads the environment into them.
func (c command) prepared(getenv func(string) string) command {
	c.help, c.all = commandHelp(c), helpAll(c)
	for _, g := range c.groups {
		for _, o := range g.options {
			if err := o.fromEnvironment(getenv); err != nil {
				c.environ = append(c.environ, err)
			}
		}
	}
	return c
}

func (c command) flags() []ucli.Flag {
	var flags []ucli.Flag
	for _, g := range c.groups {
		for _, o := range g.options {
			flags = append(flags, o.flag())
		}
	}
	if c.all != "" {
		flags = append(flags, &ucli.BoolFlag{Name: helpAllFlag})
	}
	return flags
}

// helpAllFlag asks for everything about a command.
const helpAllFlag = "help-all"

// family is the first word of a name that has two, "" of others.
func (c command) family() string {
	first, _, two := strings.Cut(c.name, " ")
	if !two {
		return ""
	}
	return first
}

// grouped makes urfave's commands, those of one family below one of its own.
func grouped(all []command) []*ucli.Command {
	var out []*ucli.Command
	families := map[string]*ucli.Command{}
	for _, c := range all {
		name := c.family()
		if name == "" {
			out = append(out, c.urfave())
			continue
		}
		if families[name] == nil {
			families[name] = familyOf(name, all)
			out = append(out, families[name])
		}
		families[name].Subcommands = append(families[name].Subcommands, c.urfave())
	}
	return out
}

// familyOf is what its commands are below. Alone it does nothing but say what they are.
func familyOf(name string, all []command) *ucli.Command {
	members := slices.DeleteFunc(slices.Clone(all), func(c command) bool { return c.family() != name })
	return &ucli.Command{
		Name: name, HideHelpCommand: true, OnUsageError: refuse, CustomHelpTemplate: familyHelp(name, members),
		Action: func(ctx *ucli.Context) error {
			if ctx.Args().Present() {
				return unknownCommand(name+" "+ctx.Args().First(), all)
			}
			_, err := fmt.Fprint(ctx.App.Writer, familyHelp(name, members))
			return err
		},
	}
}

func (c command) urfave() *ucli.Command {
	return &ucli.Command{
		Name:               strings.TrimPrefix(c.name, c.family()+" "),
		Usage:              c.summary,
		Flags:              c.flags(),
		Action:             c.action,
		OnUsageError:       refuse,
		HideHelpCommand:    true, // "up help" is a positional argument like any other
		CustomHelpTemplate: c.help,
	}
}

// action runs the command, unless the command line or the environment is wrong.
func (c command) action(ctx *ucli.Context) error {
	if c.all != "" && ctx.Bool(helpAllFlag) {
		_, err := io.WriteString(ctx.App.Writer, c.all)
		return err
	}
	c.note(ctx)
	problems := slices.Clone(c.environ)
	if c.unknown != nil {
		problems = append(problems, c.unknown()...)
	}
	if ctx.Args().Present() {
		problems = append(problems, unexpectedArgument(ctx.Args().First()))
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	return c.run(ctx.Context)
}

// note notes those flags that are on or off, which urfave parses itself.
func (c command) note(ctx *ucli.Context) {
	for _, g := range c.groups {
		for _, o := range g.options {
			if _, onOff := o.into.(*bool); onOff && ctx.IsSet(o.name) {
				o.note("flag")
			}
		}
	}
}

// unexpectedArgument refuses a positional argument: flag parsing stops at the first one, so that
// "plan prod -o json" would run with the default output, as if the flag were not there.
func unexpectedArgument(arg string) error {
	return fmt.Errorf("unexpected argument %q: no command takes any, and flags after it would have been ignored", arg)
}
