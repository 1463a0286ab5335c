package cli

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newTeardown(p Process) command {
	in := newInputs()
	var o teardown.Options
	own := group{"teardown", []option{
		{name: "dry-run", into: &o.DryRun, usage: "write nothing, and say what would be deleted"},
		{name: "force", into: &o.Force, argvOnly: true, usage: "go on although objects of External Secrets lose what they stand on"},
		{name: "only", arg: "STEP", into: &o.Only, fallback: "all steps", usage: "tear down only this step of up: helm-release, iam-policy, iam-user, access-key, oidc-provider or irsa-role"},
		{name: "delete-crds", into: &o.DeleteCRDs, argvOnly: true, usage: "delete the CRDs with the release; needs --force when objects of their kinds exist, and deletes those"},
		{name: "delete-oidc-provider", into: &o.DeleteProvider, usage: "delete the identity provider too, when gen3-bootstrap made it and nobody else has it"},
		{name: "cluster-id", arg: "UID", into: &o.ClusterID, usage: "clean IAM after a cluster that is gone: the UID of its namespace kube-system; needs -n, and asks no cluster"},
	}}
	return command{
		name:    "teardown",
		summary: "remove what up made, and only that",
		about:   teardownAbout,
		example: []string{
			"gen3-bootstrap teardown --account 111122223333 --region us-east-1 -n gen3 --dry-run",
			"gen3-bootstrap teardown --account 111122223333 --region us-east-1 -n gen3",
			"gen3-bootstrap teardown --account 111122223333 --region us-east-1 -n gen3 --only access-key --only iam-user --yes",
			"gen3-bootstrap teardown --account 111122223333 --region us-east-1 -n gen3 --cluster-id UID-OF-KUBE-SYSTEM",
		},
		groups: append([]group{own}, in.recalledGroups()...),
		run: func(ctx context.Context) error {
			tense := report.Done
			if o.DryRun {
				tense = report.Pending
			}
			_, err := newSession(p, in, "teardown", tense).run(ctx, func(ctx context.Context, s bootstrap.Settings, env bootstrap.Env) (bootstrap.Result, error) {
				return teardown.Run(ctx, s, o, env)
			})
			return err
		},
	}
}

const teardownAbout = `Deletes what carries gen3-bootstrap's mark and was made for this namespace of this cluster, by the names that the
last up recorded. From what others share it takes only this namespace's tag, subject and key. What somebody added
by hand is never stripped: it is named, with the commands that remove it. Goes on past failures, reports each,
and finishes when run again. The record and the Lease go last, with the namespaces that up made, where nothing else
is in them.

It refuses when objects of External Secrets would lose what they stand on, and lists them; --force overrides it:
  - when the operator goes, every SecretStore, ExternalSecret and PushSecret of the cluster counts, in all
    namespaces. (It is kept while another namespace has a record of gen3-bootstrap.) The CRDs are kept, and so are
    all those objects and their Secrets, which nobody refreshes any more;
  - when only a key or a role goes, the stores that sign in with it count, and what reads from or pushes to them;
  - with --delete-crds every object goes with its CRD, and every Secret that an ExternalSecret owns.
What may not be read counts as lost, and is said.

It asks to type the name of the cluster's context (with --cluster-id the account) unless --yes is given; without a
terminal to ask at it needs --yes. Exits with 0 only when everything that should be deleted is.`
