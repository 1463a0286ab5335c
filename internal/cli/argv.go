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
	arity := map[string]bool{"help": false, "h": false, helpAllFlag: false} // these are no options
	for _, c := range append(commands(Process{}), newRoot(Process{}, nil).command) {
		for _, g := range c.groups {
			for _, o := range g.options {
				_, isBool := o.into.(*bool)
				arity[o.name] = !isBool
				for _, also := range []string{o.short, o.alias} {
					if also != "" {
						arity[also] = !isBool
					}
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

// wantedOutput is what -o asks for, on a command line that may not parse. The last one counts, as for the parser.
func wantedOutput(args []string, getenv func(string) string) string {
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
	return output
}

// separated parts short flags from what is written right behind them, as kubectl and helm take it: -ngen3 is -n gen3, -qy is -q -y.
func separated(args []string) []string {
	takesValue := flagArity()
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, inline := flagName(arg)
		takes, known := takesValue[name]
		switch {
		case known && takes && !inline && i+1 < len(args): // its value is not looked at
			out = append(out, arg, args[i+1])
			i++
		case known || strings.HasPrefix(arg, "--") || len(name) < 2 || inline && len(name) < 2:
			out = append(out, arg)
		default:
			out = append(out, parted(arg, takesValue)...)
		}
	}
	return out
}

// parted takes one argument apart, or leaves it to the parser.
func parted(arg string, takesValue map[string]bool) []string {
	var out []string
	for rest := arg[1:]; rest != ""; rest = rest[1:] {
		takes, known := takesValue[rest[:1]]
		switch {
		case !known:
			return []string{arg}
		case takes && len(rest) > 1:
			return append(out, "-"+rest[:1], rest[1:])
		}
		out = append(out, "-"+rest[:1])
	}
	return out
}
