package cli

import (
	"fmt"
	"strings"
	"time"
)

const (
	helpWidth     = 110 // of a line
	helpColumn    = 34  // where the second column begins
	commandColumn = 20  // and where it begins in a list of commands
)

// rootHelp is the help of the program. It goes to urfave as a template, so it must hold no "{{".
func rootHelp(commands []command) string {
	var b strings.Builder
	b.WriteString("From an AWS account and a Kubernetes cluster to External Secrets Operator that reads AWS Secrets Manager\n" +
		"for a Gen3 release. Every command can be run again at any time.\n\n" +
		"usage: gen3-bootstrap COMMAND [flags]\n\ncommands:\n")
	for _, c := range commands {
		writeColumns(&b, "  "+c.name, commandColumn, c.summary)
	}
	b.WriteString("\nexamples:\n")
	for _, c := range commands {
		b.WriteString("  " + c.example[0] + "\n")
	}
	b.WriteString("\n'gen3-bootstrap COMMAND --help' explains the flags of a command, 'gen3-bootstrap --version' prints the version.\n\n" +
		"exit codes: 0 done; 1 any failure, usage errors included; 2 only under --detailed-exitcode: from plan\n" +
		"when changes are pending, from secrets check when what it found stops pods; 130 interrupted\n")
	return b.String()
}

// familyHelp is the help of the word that several commands begin with.
func familyHelp(name string, members []command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s %s COMMAND [flags]\n\ncommands:\n", program, name)
	for _, c := range members {
		writeColumns(&b, "  "+c.name, commandColumn, c.summary)
	}
	fmt.Fprintf(&b, "\n'%s %s COMMAND --help' explains the flags of a command.\n", program, name)
	return b.String()
}

// commandHelp is the help of one command: what it does, an example, and its flags under their headings.
func commandHelp(c command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n\nusage: %s %s [flags]\n", c.name, c.summary, c.about, program, c.name)
	b.WriteString("\nexample:\n")
	for _, e := range c.example {
		b.WriteString("  " + e + "\n")
	}
	for _, g := range c.groups {
		writeGroup(&b, g)
	}
	b.WriteString("\nThe environment may hold a flag under the name in [brackets]; the command line wins, and an empty variable counts\n" +
		"as absent. A repeatable flag may be given more than once; its variable holds one value a line. Commas are\n" +
		"part of a value. Flags may stand before or after the command.\n")
	return b.String()
}

func writeGroup(b *strings.Builder, g group) {
	heading := "\n" + g.title + ":\n"
	for _, o := range g.options {
		if o.hidden {
			continue
		}
		b.WriteString(heading)
		heading = ""
		writeColumns(b, o.spelling(), helpColumn, o.explanation())
	}
	if g.title == "output" {
		writeColumns(b, "  -h, --help", helpColumn, "print this")
	}
}

// spelling is the first column: short form, long form, and what stands for the value.
func (o option) spelling() string {
	s := "      --" + o.name
	if o.short != "" {
		s = "  -" + o.short + ", --" + o.name
	}
	if o.arg != "" {
		s += " " + o.arg
	}
	return s
}

// explanation is the second column: what the flag does, its default, and its names in the environment.
func (o option) explanation() string {
	var notes []string
	if o.required {
		notes = append(notes, "required")
	}
	if _, ok := o.into.(*[]string); ok {
		notes = append(notes, "repeatable")
	}
	if d := o.defaultText(); d != "" {
		notes = append(notes, "default "+d)
	}
	s := o.usage
	if len(notes) > 0 {
		s += " (" + strings.Join(notes, "; ") + ")"
	}
	if names := o.variables(); len(names) > 0 {
		s += " [$" + strings.Join(names, ", $") + "]"
	}
	return s
}

func (o option) defaultText() string {
	switch into := o.into.(type) {
	case *string:
		if *into != "" {
			return *into
		}
	case *time.Duration:
		return shortDuration(*into)
	}
	return o.fallback
}

// shortDuration prints 10m0s as 10m, as a person would type it.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// writeColumns writes left, and right from the given column on, broken between words.
func writeColumns(b *strings.Builder, left string, column int, right string) {
	line := left
	if len(left) > column-2 {
		b.WriteString(left + "\n")
		line = ""
	}
	line += strings.Repeat(" ", column-len(line))
	used := column
	for i, word := range strings.Fields(right) {
		switch {
		case i == 0:
		case used+1+len(word) > helpWidth:
			b.WriteString(line + "\n")
			line, used = strings.Repeat(" ", column), column
		default:
			line, used = line+" ", used+1
		}
		line, used = line+word, used+len(word)
	}
	b.WriteString(line + "\n")
}
