package cli

import (
	"context"
	"io"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newSecretsCheck(p Process) command {
	in := newInputs()
	var d deployment.Ref
	var o secrets.CheckOptions
	detailed := false
	own := group{"secrets check", []option{
		{name: "as-operator", into: &o.AsOperator, usage: "read with the key or the role that the operator has in the namespace, and say where it sees something else than you do"},
		{name: "names-only", into: &o.NamesOnly, usage: "only see which secrets are there: no value is read"},
		{name: "detailed-exitcode", into: &detailed, usage: "exit with 2 when something that was found stops pods, 0 when nothing does, 1 when something could not be looked at"},
		source(&d),
	}}
	groups := []group{own, in.deployment(&d)}
	for _, g := range withoutWriting(in.recalledGroups()) {
		if g.title != "gen3 chart" {
			groups = append(groups, g)
		}
	}
	return command{
		name:    "secrets check",
		summary: "hold what the gen3 deployment reads against what Secrets Manager has",
		about:   secretsCheckAbout,
		example: []string{
			"gen3-bootstrap secrets check --account 111122223333 --region us-east-1 -f values.yaml --gen3-version 0.3.90",
			"gen3-bootstrap secrets check --account 111122223333 --region us-east-1 -n gen3 --as-operator --detailed-exitcode",
			"gen3-bootstrap secrets check --account 111122223333 --region us-east-1 -n gen3 --names-only -o json",
		},
		groups: groups,
		run: func(ctx context.Context) error {
			return newSession(p, in, "secrets check", report.Done).printCheck(ctx, d, o, detailed)
		},
	}
}

const secretsCheckAbout = `Derives what the deployment reads as secrets list does, reads the secrets of those names, and tells what is wrong
with each, the gravest first: what stops pods, what fails when it is used, what fails jobs, and the rest; with
whom it hits, the nearest name that there is, the value that sets the name, and what to do. It compares secrets
that have to agree, and in a cluster also the Secrets that the operator made of them. No value is ever printed.

With -f it asks no cluster, unless --as-operator is given. It reads with your own credentials: that you may read
a secret does not mean that the operator may. It needs secretsmanager:GetSecretValue on the secrets (with
BatchGetSecretValue on * it reads twenty a call) and kms:Decrypt; with --names-only DescribeSecret alone;
ListSecrets for the nearest names, and does without. What you may not read makes it end with 1.`

// printCheck puts what was found on stdout, and what could not be looked at on stderr.
func (s session) printCheck(ctx context.Context, d deployment.Ref, o secrets.CheckOptions, detailed bool) error {
	shown := s.progress()
	result, err := secrets.Check(ctx, s.settings, d, o, s.env(shown))
	shown.Close()
	lost := s.write(result, func(w io.Writer, page report.Page) error { return report.Check(w, page, result) }, result.Warnings, result.Errors)
	switch {
	case err != nil:
		return reported{err}
	case lost == nil && detailed && result.StopsPods():
		return reported{errPending}
	}
	return written(s.Stderr, lost)
}
