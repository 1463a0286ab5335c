package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// fromEnvironment makes the first of the option's variables that is not empty its default. An empty variable counts
// as absent: CI systems set variables to nothing when they mean nothing. A repeatable flag's variable holds one value a
// line, since commas are the value's.
//
// urfave would read the environment itself, but takes an empty variable for a value and trims and splits lists.
func (o option) fromEnvironment(getenv func(string) string) error {
	for _, name := range o.variables() {
		s := getenv(name)
		if s == "" {
			continue
		}
		if err := o.assign(s); err != nil {
			return fmt.Errorf("invalid value %q for %s in the environment: %w", s, name, err)
		}
		if strings.HasPrefix(name, environPrefix) {
			o.note("environment")
		}
		return nil
	}
	return nil
}

// unknownVariables names what the environment has under this program's prefix and no flag reads, all at once: a setting that is misspelt would
// not be one.
func unknownVariables(environ []string) []error {
	known, typed := map[string]bool{}, map[string]bool{}
	for _, c := range append(commands(Process{}), newRoot(Process{}, nil).command) {
		for _, g := range c.groups {
			for _, o := range g.options {
				for _, name := range o.variables() {
					known[name] = true
				}
				typed[o.variable()] = o.argvOnly
			}
		}
	}
	names := slices.Sorted(maps.Keys(known))
	var out []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, environPrefix) || known[name] || value == "":
		case typed[name]:
			out = append(out, hint.With(fmt.Errorf("%s in the environment: that flag is only taken on the command line", name), "unset it, and give the flag where it is meant"))
		default:
			err := fmt.Errorf("%s in the environment is the name of no flag", name)
			if near := words.Nearest(name, names); near != "" {
				err = hint.With(err, "did you mean "+near+"?")
			}
			out = append(out, err)
		}
	}
	return out
}

// environPrefix begins the names that are this program's own. Those of others, such as AWS_REGION, are surroundings: what is recorded goes
// before them.
const environPrefix = "GEN3_BOOTSTRAP_"

// variable is the option's own name in the environment.
func (o option) variable() string {
	return environPrefix + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
}

// variables lists the names under which the environment may hold the option, the one that counts first in front.
func (o option) variables() []string {
	if o.argvOnly {
		return nil
	}
	return append([]string{o.variable()}, o.env...)
}
