package cli

import (
	"context"
	"io"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/verify"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newVerify(p Process) command {
	in := newInputs()
	var options verify.Options
	own := group{"verify", []option{
		{name: "canary", arg: "NAME", into: &options.Canary, usage: "secret to read as a test; without it verify asks for one that does not exist: not found means allowed"},
		{name: "strict", into: &options.Strict, usage: "exit with 1 on warnings as well, such as a secret that is missing"},
		{name: "wait", into: &options.Wait, usage: "look again until all is well, at most for --timeout"},
	}}
	return command{
		name:    "verify",
		summary: "prove that this cluster can read Secrets Manager, or name the layer that cannot",
		about: "Goes layer by layer: the operator runs, its webhook answers, the API versions fit the gen3 chart, the Secret\n" +
			"(or the ServiceAccount), the access key (or the role), the permission, KMS, each SecretStore's wiring, and each\n" +
			"ExternalSecret of the namespace with its true cause. What rests on a layer that failed is not tried.\n\n" +
			"Reads Secrets Manager with the operator's own credentials: the key in the Secret, or the role that the\n" +
			"ServiceAccount's token is exchanged for. Your own are used only to explain a refusal. No value is printed, and\n" +
			"nothing lasting is written. Names come from the record of the last up.\n\n" +
			"A secret or property that is missing is a warning, since Gen3 can start without it. Exits with 1 when a layer\n" +
			"failed, and under --strict when one is a warning.",
		example: []string{
			"gen3-bootstrap verify --account 111122223333 --region us-east-1 -n gen3",
			"gen3-bootstrap verify --account 111122223333 --region us-east-1 -n gen3 --strict --wait --timeout 5m",
		},
		groups: append([]group{own}, withoutWriting(in.recalledGroups())...),
		run: func(ctx context.Context) error {
			return newSession(p, in, "verify", report.Done).printVerify(ctx, options)
		},
	}
}

// printVerify puts the layers on stdout, and what kept them from being tried on stderr.
func (s session) printVerify(ctx context.Context, o verify.Options) error {
	shown := s.progress()
	result, err := verify.Run(ctx, s.settings, o, s.env(shown))
	shown.Close()
	lost := s.write(result, func(w io.Writer, page report.Page) error { return report.Verify(w, page, result) }, result.Warnings, result.Errors)
	if err != nil {
		return reported{err}
	}
	return written(s.Stderr, lost)
}
