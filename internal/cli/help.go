package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	helpWidth     = 80 // of a line
	helpColumn    = 34 // where the second column begins
	shortColumn   = 30 // and where it begins in the short help
	commandColumn = 20 // and in a list of commands
)

// rootHelp is the help of the program. It goes to urfave as a template, so it must hold no "{{".
func rootHelp(commands []command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s COMMAND [flags]\n\n", program)
	writeColumns(&b, "", 0, "From an AWS account and a Kubernetes cluster to External Secrets Operator that reads AWS Secrets Manager for a Gen3 release. "+
		"Every command can be run again at any time.")
	b.WriteString("\n")
	for _, e := range []string{
		"gen3-bootstrap plan --account 111122223333 --region us-east-1 -n gen3",
		"gen3-bootstrap up -n gen3",
		"gen3-bootstrap status -n gen3 --exit-code -q",
	} {
		b.WriteString("  " + broken(e) + "\n")
	}
	b.WriteString("\ncommands:\n")
	for _, c := range commands {
		writeColumns(&b, "  "+c.name, commandColumn, c.summary)
	}
	fmt.Fprintf(&b, "\n'%s COMMAND --help' explains a command, '%s --version' prints the version.\n", program, program)
	writeColumns(&b, "", 0, "exit codes: 0 done; 1 any failure; 2 only under --detailed-exitcode and --exit-code; 130 interrupted")
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

// commandHelp is what --help prints: one screen with the usual flags. helpAll is everything.
func commandHelp(c command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s %s [flags]\n\n", program, c.name)
	writeColumns(&b, "", 0, c.summary)
	b.WriteString("\n")
	for _, e := range c.example {
		b.WriteString("  " + broken(e) + "\n")
	}
	b.WriteString("\nflags:\n")
	for _, g := range c.groups {
		for _, o := range g.options {
			if !o.hidden && (g.title == c.name || slices.Contains(c.usual(), o.name)) {
				writeColumns(&b, o.spelling(), shortColumn, o.usage)
			}
		}
	}
	b.WriteString("\n--help-all explains it, and has all flags with their defaults and variables.\n")
	return b.String()
}

// usual are the flags that the short help has beside the command's own.
func (c command) usual() []string {
	usual := []string{"account", "region", "namespace", "context", "output"}
	switch c.name {
	case "up", "plan":
		return append(usual, "create-namespace", "irsa", "use-global-user", "secret-prefix", "chart-version", "adopt", "unset", "yes")
	case "teardown", "rotate":
		return append(usual, "yes")
	case "secrets push", "secrets generate":
		return append(usual, "gen3-values", "yes")
	case "values":
		return append(usual, "gen3-values", "gen3-version")
	case "secrets list", "secrets check", "lint":
		return append(usual, "gen3-values", "gen3-chart", "gen3-version")
	}
	return usual
}

// broken is an example on lines that fit, as a shell takes it.
func broken(example string) string {
	if len(example)+2 <= helpWidth {
		return example
	}
	cut := strings.LastIndex(example[:helpWidth-4], " --")
	if at := strings.LastIndex(example[:helpWidth-4], " -"); at > cut {
		cut = at
	}
	if cut <= 0 {
		return example
	}
	return example[:cut] + " \\\n    " + broken(example[cut+1:])
}

// helpAll is what a command does, its examples, and its flags under their headings.
func helpAll(c command) string {
	var b strings.Builder
	writeColumns(&b, "", 0, c.name+": "+c.summary)
	b.WriteString("\n")
	for paragraph := range strings.SplitSeq(c.about, "\n\n") {
		for i, item := range strings.Split(paragraph, "\n  - ") {
			if i == 0 {
				writeColumns(&b, "", 0, item)
			} else {
				writeColumns(&b, "  -", len("  - "), item)
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "usage: %s %s [flags]\n\nexamples:\n", program, c.name)
	for _, e := range c.example {
		b.WriteString("  " + broken(e) + "\n")
	}
	for _, g := range c.groups {
		writeGroup(&b, g)
	}
	b.WriteString("\n")
	writeColumns(&b, "", 0, "The environment may hold a flag under the name in [brackets]; the command line wins, and an empty variable counts as absent. "+
		"A repeatable flag may be given more than once; its variable holds one value a line. Commas are part of a value. Flags may stand before or after the command. "+
		"The documents of -o json and yaml are described in docs/json.md.")
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
		writeColumns(b, "  -h, --help", helpColumn, "print the usual flags")
		writeColumns(b, "      --help-all", helpColumn, "print this")
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
	if column > 0 && len(left) > column-1 {
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
