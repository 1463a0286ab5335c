package cli

import (
	"slices"
	"strings"
)

// hoist moves flags that stand before the command behind it: "gen3-bootstrap --region us-east-1 up" is what anybody
// tries who comes from kubectl or aws. From the first flag on that it does not know, it leaves the arguments to the
// parser, which names that flag.
func hoist(args []string) []string {
	if len(args) == 0 {
		return []string{program}
	}
	takesValue := flagArity()
	for i := 1; i < len(args); i++ {
		name, inline := flagName(args[i])
		if name == "" {
			words := 1
			if i+1 < len(args) && isCommand(args[i]+" "+args[i+1]) {
				words = 2
			}
			return slices.Concat(args[:1], args[i:i+words], args[1:i], args[i+words:])
		}
		takes, known := takesValue[name]
		if !known {
			break
		}
		if takes && !inline {
			i++
		}
	}
	return args
}

// isCommand reports whether a command has that name.
func isCommand(name string) bool {
	return slices.ContainsFunc(commands(Process{}), func(c command) bool { return c.name == name })
}

// flagArity tells for the name of each flag of any command whether it takes a value.
func flagArity() map[string]bool {
	arity := map[string]bool{"help": false, "h": false} // these are urfave's
	for _, c := range append(commands(Process{}), newRoot(Process{}, nil).command) {
		for _, g := range c.groups {
			for _, o := range g.options {
				_, isBool := o.into.(*bool)
				arity[o.name] = !isBool
				if o.short != "" {
					arity[o.short] = !isBool
				}
			}
		}
	}
	return arity
}

// flagName returns the name of the flag that arg is, or "", and whether the value is part of arg.
func flagName(arg string) (name string, inline bool) {
	bare := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	if bare == arg || bare == "" {
		return "", false
	}
	name, _, inline = strings.Cut(bare, "=")
	return name, inline
}

// wantsJSON reports whether -o json was asked for, on a command line that may not parse. The last one counts, as for
// the parser.
func wantsJSON(args []string, getenv func(string) string) bool {
	output := getenv("GEN3_BOOTSTRAP_OUTPUT")
	for i, arg := range args {
		switch name, inline := flagName(arg); {
		case name != "o" && name != "output":
		case inline:
			_, output, _ = strings.Cut(arg, "=")
		case i+1 < len(args):
			output = args[i+1]
		}
	}
	return output == outputJSON
}
