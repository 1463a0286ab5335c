package cli

import (
	"errors"
	"fmt"
	"strings"

	ucli "github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/lint"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/values"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// reword puts what urfave itself has to say into our words.
func reword(err error, commands []command) error {
	if name, ok := strings.CutPrefix(err.Error(), "No help topic for "); ok {
		return unknownCommand(strings.Trim(name, "'"), commands)
	}
	return err
}

func unknownCommand(name string, commands []command) error {
	err := fmt.Errorf("unknown command %q", name)
	if meant := otherCommands()[name]; meant != "" {
		return hint.With(err, "did you mean "+meant+"?")
	}
	names := make([]string, 0, len(commands))
	for _, c := range commands {
		names = append(names, c.name)
	}
	if near := closest(name, names); near != "" {
		return hint.With(err, "did you mean "+near+"?")
	}
	return err
}

// refuse rewords what Go's flag package says about a command line. It prints nothing: urfave would put the message
// and the help on stdout, where a program reads the result.
func refuse(ctx *ucli.Context, err error, _ bool) error {
	msg := err.Error()
	if name, ok := strings.CutPrefix(msg, "flag provided but not defined: -"); ok {
		name = strings.TrimPrefix(name, "-")
		err := fmt.Errorf("unknown flag --%s", name)
		if meant := otherFlags()[name]; meant != "" {
			return hint.With(err, meant)
		}
		if near := closest(name, flagNames(ctx.Command)); near != "" {
			return hint.With(err, "did you mean --"+near+"?")
		}
		return err
	}
	if name, ok := strings.CutPrefix(msg, "flag needs an argument: -"); ok {
		return fmt.Errorf("flag %s needs a value", dashed(name))
	}
	if names, ok := strings.CutPrefix(msg, "Cannot use two forms of the same flag: "); ok {
		one, other, _ := strings.Cut(names, " ")
		return fmt.Errorf("flags %s and %s are the same: give one of them", dashed(one), dashed(other))
	}
	for _, kind := range []string{"invalid value ", "invalid boolean value "} {
		if rest, ok := strings.CutPrefix(msg, kind); ok {
			return invalidValue(rest)
		}
	}
	return err
}

// invalidValue rewords `"5" for flag -timeout: must be …`, and for a bool `"x" for -yes: parse error`.
func invalidValue(rest string) error {
	value, rest, _ := strings.Cut(rest, " for ")
	name, cause, _ := strings.Cut(strings.TrimPrefix(rest, "flag "), ": ")
	if cause == "parse error" {
		cause = "must be true or false"
	}
	return fmt.Errorf("invalid value %s for %s: %s", value, dashed(strings.TrimPrefix(name, "-")), cause)
}

// otherFlags are names by which kubectl, helm, aws, terraform and eksctl call what is called otherwise here, with what to do.
func otherFlags() map[string]string {
	return map[string]string{
		"version":              "--chart-version is that of the operator's chart, --gen3-version that of the gen3 chart; gen3-bootstrap version prints this program's",
		"wait":                 "that is so by default; --no-wait is the opposite",
		"atomic":               "a run that failed goes on where it ended when it is run again; nothing is rolled back",
		"cluster":              "--context names the context of the kubectl configuration",
		"cluster-name":         "--context names the context of the kubectl configuration",
		"kube-apiserver":       "the API server is that of the kubectl configuration: --kubeconfig and --context",
		"as":                   "give a context that impersonates: kubectl config set-credentials and set-context make one",
		"aws-profile":          "--profile is the profile of the AWS configuration files",
		"account-id":           "--account is the AWS account",
		"aws-region":           "--region is the AWS region",
		"auto-approve":         "--yes does not ask",
		"approve":              "--yes does not ask",
		"target":               "--only names a step",
		"all-secrets":          "--all names everything in a long list",
		"values-file":          "--values is for the operator's chart, -f for the gen3 chart",
		"config-file":          "--kubeconfig is the kubectl configuration",
		"out-file":             "--out writes the plan to a file",
		"refresh":              "every run looks at everything",
		"server-side":          "every run tries beforehand on the server what it would write",
		"show-only":            "-o json has everything in one document",
		"role-arn":             "--role-name is the role's name; gen3-bootstrap values prints its ARN",
		"oidc-provider":        "--oidc-issuer is the issuer; --create-oidc-provider makes its provider",
		"policy-arn":           "--policy-name and --iam-path name the policy",
		"service-account-name": "--service-account names the ServiceAccount",
	}
}

// otherCommands are names by which other programs call what is called otherwise here.
func otherCommands() map[string]string {
	out := map[string]string{}
	for meant, names := range map[string]string{
		"up":               "install apply upgrade init create converge deploy bootstrap",
		"plan":             "diff preview dry-run",
		"teardown":         "destroy delete uninstall down remove rm",
		"status":           "get describe list ls show info state",
		"verify":           "test doctor validate check",
		"values":           "template render",
		"rotate":           "renew rotate-key rotate-keys",
		"secrets generate": "generate",
		"secrets push":     "push",
		"secrets list":     "secret",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = meant
		}
	}
	return out
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

func flagNames(c *ucli.Command) []string {
	var names []string
	for _, f := range c.Flags {
		names = append(names, f.Names()[0])
	}
	return names
}

// closest returns the candidate that somebody who typed name most likely meant, or "".
func closest(name string, candidates []string) string {
	const enough = 0.85 // "plam" is near plan, "destroy" near nothing
	best, near := enough, ""
	for _, c := range candidates {
		if score := smetrics.JaroWinkler(name, c, 0.7, 4); score >= best {
			best, near = score, c
		}
	}
	return near
}

// usageResult puts what is wrong with the command line into the document that a run would have printed.
func usageResult(args []string, err error) bootstrap.Result {
	name := commandIn(args)
	help := strings.TrimSpace(program + " " + name)
	result := bootstrap.Result{Command: name}
	for _, e := range each(err) {
		e = reword(e, commands(Process{}))
		hints := "see " + help + " --help"
		if h := hint.Of(e); h != "" {
			hints = h + "\n" + hints
		}
		result.Errors = append(result.Errors, bootstrap.Problem{Message: e.Error(), Hint: hints, Code: "usage"})
	}
	return result
}

// documentOf is the result in the form of the document that its command prints.
func documentOf(r bootstrap.Result) any {
	switch r.Command {
	case "status":
		s := status.NewResult(bootstrap.Settings{})
		s.Errors = r.Errors
		return s
	case "values":
		v := values.NewResult(bootstrap.Settings{})
		v.Errors = r.Errors
		return v
	case "secrets list":
		l := secrets.NewResult(r.Command)
		l.Errors = r.Errors
		return l
	case "secrets check":
		c := secrets.NewCheckResult(bootstrap.Settings{})
		c.Errors = r.Errors
		return c
	case "config export":
		x := status.NewExported()
		x.Errors = r.Errors
		return x
	case "lint":
		l := lint.NewResult()
		l.Errors = r.Errors
		return l
	default:
		return r
	}
}

// commandIn returns the command that args name, or "".
func commandIn(args []string) string {
	args = hoist(args)
	if len(args) < 2 {
		return ""
	}
	if len(args) > 2 && isCommand(args[1]+" "+args[2]) {
		return args[1] + " " + args[2]
	}
	if !isCommand(args[1]) {
		return ""
	}
	return args[1]
}

// each returns the errors that err joins.
func each(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}
