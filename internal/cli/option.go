package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	ucli "github.com/urfave/cli/v2"
)

// group is a heading of the help and the flags below it.
type group struct {
	title   string
	options []option
}

// option is one flag: how it is spelt, where its value goes, and what the help says.
type option struct {
	name  string
	short string // one letter, or empty
	alias string // the name that kubectl or helm has for it, or empty
	arg   string // what stands for the value in the help
	usage string
	// into is a *string, *bool, *time.Duration or *[]string. What it points to is the default.
	into     any
	given    map[string]string // takes, by the name, who gave the flag: "flag" or "environment"; may be nil
	choices  []string          // the values that a *string may take; empty: any
	env      []string          // names in the environment besides GEN3_BOOTSTRAP_<FLAG>, asked after it
	required bool              // for the help; bootstrap.Settings.Check judges it, with all else that is wrong
	argvOnly bool              // never read from the environment, as it allows harm
	hidden   bool              // taken, and not explained
	fallback string            // the default in words, where the zero value stands for more than nothing
}

// flag makes the flag that urfave parses. Only for bool is it urfave's own type: its string slices trim spaces, and its
// other types leave the message to Go's flag package, which says no more than "parse error".
func (o option) flag() ucli.Flag {
	var short []string
	if o.short != "" {
		short = []string{o.short}
	}
	if o.alias != "" {
		short = append(short, o.alias)
	}
	if b, ok := o.into.(*bool); ok {
		return &ucli.BoolFlag{Name: o.name, Aliases: short, Destination: b, Value: *b}
	}
	return &ucli.GenericFlag{Name: o.name, Aliases: short, Value: &value{option: o}}
}

// value parses what was given for an option into its place.
type value struct {
	option
	given bool
}

// Set implements flag.Value. A repeatable flag first replaces what came from the environment, and then adds.
func (v *value) Set(s string) error {
	list, ok := v.into.(*[]string)
	if s == handedBack {
		return nil
	}
	v.note("flag")
	if !ok {
		return errors.Join(v.notEmpty(s), v.assign(s))
	}
	if !v.given {
		*list, v.given = nil, true
	}
	*list = append(*list, s)
	return nil
}

// handedBack is what a list says of itself to urfave, which hands it back. No argument has a NUL in it.
const handedBack = "\x00"

// notEmpty refuses a value that an unset variable of a shell left empty, where that would mean the flag's absence.
// What has a default of its own, or is required, is judged with the settings.
func (v *value) notEmpty(s string) error {
	if into, ok := v.into.(*string); ok && s == "" && *into == "" && !v.required {
		return errors.New("it is empty; leave the flag out, or give it a value")
	}
	return nil
}

// String implements flag.Value. urfave hands it back to Set when only the short form of a flag was given.
func (v *value) String() string {
	switch into := v.into.(type) {
	case *string:
		return *into
	case *time.Duration:
		return into.String()
	case *[]string:
		return handedBack
	default:
		return ""
	}
}

// values are what the option holds, as its flag would spell it.
func (o option) values() []string {
	switch into := o.into.(type) {
	case *string:
		return []string{*into}
	case *bool:
		return []string{strconv.FormatBool(*into)}
	case *time.Duration:
		return []string{into.String()}
	case *[]string:
		return slices.Clone(*into)
	}
	return nil
}

// take is the opposite of values, judged as if each were typed.
func (o option) take(values []string) error {
	o.note("flag")
	if list, ok := o.into.(*[]string); ok {
		*list = slices.Clone(values)
		return nil
	}
	if len(values) != 1 {
		return errors.New("must be one value")
	}
	return o.assign(values[0])
}

// note says who gave the flag.
func (o option) note(origin string) {
	if o.given != nil {
		o.given[o.name] = origin
	}
}

// assign parses s by the type of the option's place.
func (o option) assign(s string) (err error) {
	switch into := o.into.(type) {
	case *string:
		if len(o.choices) > 0 && !slices.Contains(o.choices, s) {
			return errors.New("must be " + strings.Join(o.choices, " or "))
		}
		*into = s
	case *bool:
		if *into, err = strconv.ParseBool(s); err != nil {
			return errors.New("must be true or false")
		}
	case *time.Duration:
		if *into, err = time.ParseDuration(s); err != nil {
			return errors.New("must be a duration such as 90s, 10m or 1h30m")
		}
	case *[]string:
		*into = strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	default:
		panic(fmt.Sprintf("flag --%s: no parser for %T", o.name, o.into)) // a mistake in the source, not of the operator
	}
	return nil
}
