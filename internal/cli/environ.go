package cli

import (
	"fmt"
	"strings"
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

// environPrefix begins the names that are this program's own. Those of others, such as AWS_REGION, are surroundings: what is recorded goes
// before them.
const environPrefix = "GEN3_BOOTSTRAP_"

// variables lists the names under which the environment may hold the option, the one that counts first in front.
func (o option) variables() []string {
	if o.argvOnly {
		return nil
	}
	return append([]string{environPrefix + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))}, o.env...)
}
