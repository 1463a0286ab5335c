package cli

import (
	"context"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newRotate(p Process) command {
	in := newInputs()
	var o bootstrap.Rotation
	olderThan, grace := "", ""
	own := group{"rotate", []option{
		{name: "dry-run", into: &o.DryRun, usage: "write nothing, and say what would be done"},
		{name: "if-older-than", arg: "AGE", into: &olderThan, fallback: "each key", usage: "do nothing while the key is younger, such as 90d; for schedules"},
		{name: "grace", arg: "AGE", into: &grace, fallback: "none, or that of a rotation under way", usage: "how long the old key stays inactive before it is deleted, such as 24h, or 0s; beyond --timeout a later rotate or up deletes it"},
		{name: "restart", into: &o.Restart, usage: "restart the workloads that read the key only when their pods start"},
	}}
	return command{
		name:    "rotate",
		summary: "replace the access key by a new one, with no gap",
		about:   rotateAbout,
		example: []string{
			"gen3-bootstrap rotate --account 111122223333 --region us-east-1 -n gen3 --dry-run",
			"gen3-bootstrap rotate --account 111122223333 --region us-east-1 -n gen3",
			"gen3-bootstrap rotate --account 111122223333 --region us-east-1 -n gen3 --if-older-than 90d --restart",
		},
		groups: append([]group{own}, explained(unexplained(in.recalledGroups(), "create-namespace", "role-name", "service-account", "oidc-issuer"), "adopt", "use-global-user")...),
		run: func(ctx context.Context) (err error) {
			if o.OlderThan, err = parseAge(olderThan); err != nil {
				return fmt.Errorf("invalid value %q for --if-older-than: %w", olderThan, err)
			}
			if grace != "" {
				age, err := parseAge(grace)
				if grace == "0s" { // ends a grace that is under way
					age, err = 0, nil
				}
				if err != nil {
					return fmt.Errorf("invalid value %q for --grace: %w", grace, err)
				}
				o.Grace = &age
			}
			o.UserName = in.settings.UserName
			tense := report.Done
			if o.DryRun {
				tense = report.Pending
			}
			_, err = newSession(p, in, "rotate", tense).run(ctx, func(ctx context.Context, s bootstrap.Settings, env bootstrap.Env) (bootstrap.Result, error) {
				return bootstrap.Rotate(ctx, s, o, env)
			})
			return err
		},
	}
}

const rotateAbout = `Makes a second key by the same protocol as up, proves it, writes it into every Secret that holds the old one, has
External Secrets Operator read everything anew, reads with the key of each Secret, makes the old key inactive,
looks again, and deletes it. At each moment the Secrets hold a key that works. A rotation that was interrupted is
finished by the next rotate or up.

Secrets of other names that hold the key are changed when up made them, others only with --adopt. Workloads whose
pods read the key when they start (by environment, or by a mount with subPath) are named with the command that
restarts them; the old key stays active until that was done, by hand or with --restart, and the next rotate or up
ends it.

A user has two slots for keys. Where both are taken by others it refuses, and says by whom. With --use-global-user
the user must be named with --user-name, and --adopt is needed: --dry-run lists first who in the cluster has that
key.`
