package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

func TestStatus(t *testing.T) {
	used := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	change := func(step, resource string, action plan.Action, reason string) plan.Change {
		kind, name, _ := strings.Cut(resource, "/")
		return plan.Change{Step: step, Resource: plan.Of(kind, name), Action: action, Reason: reason}
	}
	full := status.Result{
		Account: "111122223333", Region: "us-east-1", Cluster: bootstrap.Cluster{Context: "prod", ID: "c1"}, Namespace: "gen3", Recorded: true, Mode: "keys",
		Release: &status.Release{
			Name: "external-secrets", Namespace: "external-secrets", ChartVersion: "0.16.2", OperatorVersion: "v0.16.2", Revision: 3,
			State: "in-sync", Ours: true, Available: true, ServedVersions: []string{"v1", "v1beta1"}, Webhook: "unreachable", WebhookCause: "it hangs",
		},
		Keys: []status.Key{
			{ID: "AKIAIOSFODNN7EXAMPLE", Active: true, AgeSeconds: 40 * 86400, Ours: true, LastUsed: &used, Service: "secretsmanager", Secrets: []string{"gen3/gen3-aws-config"}},
			{ID: "AKIAI44QH8DHBEXAMPLE", AgeSeconds: 3600, Owner: "c2/gen3"},
		},
		Secrets: []status.Secret{
			{Name: "gen3/gen3-aws-config", Exists: true, Ours: true, KeyID: "AKIAIOSFODNN7EXAMPLE", Complete: true},
			{Name: "gen3/other", Exists: true, KeyID: "AKIAI44QH8DHBEXAMPLE", Keeper: "Helm release gen3/gen3"},
			{Name: "gen3/third"},
		},
		Lock:      &status.Lock{Holder: "ada on laptop, process 7 (gen3-bootstrap up), since 2026-01-02T03:04:05Z", Expires: time.Date(2026, 1, 2, 3, 4, 20, 0, time.UTC)},
		OpenMints: []status.Mint{{User: "es", Started: used}},
		Resources: []status.Resource{
			{Change: change("iam-policy", "iam-policy/p", plan.None, "up to date"), Owners: []string{"c1/gen3", "c2/gen3"}},
			{Change: change("iam-user", "iam-user/es", plan.Update, "tags are missing: team"), Owners: []string{"c1/gen3"}},
			{Change: change("access-key", "secret/gen3/other", plan.Blocked, "Helm release gen3/gen3 writes it")},
		},
		Objects: []status.Object{
			{Kind: "SecretStore", Name: "gen3-secret-store", Ready: "True"},
			{Kind: "ExternalSecret", Name: "fence-config", Ready: "False", Reason: "err: Secret does not exist"},
			{Kind: "ExternalSecret", Name: "locked", Ready: "False", Reason: "Access to KMS is not allowed", Hint: "add it with --kms-key"},
			{Kind: "ExternalSecret", Name: "new"},
		},
		Unread: []bootstrap.Problem{{Message: "list events in namespace gen3: forbidden"}},
	}
	irsa := status.Result{
		Account: "111122223333", Region: "us-east-1", Cluster: bootstrap.Cluster{Server: "https://c"}, Namespace: "gen3", Mode: "irsa",
		Role: &status.Role{ARN: "arn:aws:iam::111122223333:role/r", Trusts: []string{"https://i system:serviceaccount:gen3:sa"}, OtherStatements: 1},
	}
	denied := status.Result{
		Account: "111122223333", Region: "us-east-1", Cluster: bootstrap.Cluster{Server: "https://c"}, Namespace: "gen3", Mode: "keys",
		Resources: []status.Resource{{Change: change("iam-policy", "iam-policy/p", plan.None, "up to date"), Owners: []string{"c1/gen3"}}},
	}
	for _, step := range []string{bootstrap.RecordStep, bootstrap.HelmStep, "access-key", status.LockStep} {
		denied.Unread = append(denied.Unread, bootstrap.Problem{Step: step, Message: "read " + step + ": forbidden"})
	}
	for name, r := range map[string]status.Result{"full": full, "irsa": irsa, "denied": denied, "nothing looked at": {}, "many": multiplied(full), "all": multiplied(full)} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := report.Status(&b, report.Page{All: name == "all"}, r); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, b.String())
		})
	}
}

// multiplied has twelve of everything that there may be many of.
func multiplied(r status.Result) status.Result {
	const n = 12
	key, mint := r.Keys[0], r.OpenMints[0]
	r.Keys, r.OpenMints, r.Secrets, r.Objects, r.Unread, r.Resources = nil, nil, nil, nil, nil, slices.Clone(r.Resources[:1])
	r.Resources[0].Owners = nil
	r.Role = &status.Role{ARN: "arn:aws:iam::111122223333:role/r"}
	for i := range n {
		name := fmt.Sprintf("s%d", i)
		key.Secrets = append(key.Secrets, "gen3/"+name)
		r.OpenMints = append(r.OpenMints, mint)
		r.Secrets = append(r.Secrets, status.Secret{Name: "gen3/" + name})
		r.Unread = append(r.Unread, bootstrap.Problem{Message: "read " + name + ": forbidden"})
		r.Resources[0].Owners = append(r.Resources[0].Owners, "c1/"+name)
		r.Role.Trusts = append(r.Role.Trusts, "https://i system:serviceaccount:"+name+":sa")
		r.Objects = append(r.Objects, status.Object{Kind: "SecretStore", Name: name, Ready: "True"})
	}
	for i := range n {
		r.Keys = append(r.Keys, key)
		r.Objects = append(r.Objects,
			status.Object{Kind: "ExternalSecret", Name: fmt.Sprintf("ill%d", i), Ready: "False", Reason: "no such secret"},
			status.Object{Kind: "ExternalSecret", Name: fmt.Sprintf("well%d", i), Ready: "True"})
	}
	return r
}

func TestTeardownText(t *testing.T) {
	line := func(step, resource string, action plan.Action, reason string) plan.Change {
		kind, name, _ := strings.Cut(resource, "/")
		return plan.Change{Step: step, Resource: plan.Of(kind, name), Action: action, Reason: reason}
	}
	base := bootstrap.Result{Command: "teardown", Account: "111122223333", Region: "us-east-1", Cluster: bootstrap.Cluster{Context: "prod"}, Namespace: "gen3", DurationSeconds: 2}
	done := base
	done.Changed = true
	done.Changes = []plan.Change{line("iam-user", "iam-user/es", plan.Delete, "ours, and nobody else's"), line("iam-policy", "iam-policy/p", plan.None, "kept: not created by gen3-bootstrap")}
	partly := done
	partly.Changes = append([]plan.Change{line("access-key", "access-key/a", plan.Blocked, "denied")}, done.Changes...)
	partly.Errors = []bootstrap.Problem{{Step: "access-key", Message: "denied"}}
	nothing := base
	nothing.Changes = []plan.Change{line("iam-user", "iam-user/es", plan.None, "not there")}
	refusal := base
	refusal.Changes = []plan.Change{line("blast-radius", "namespace/a", plan.Blocked, "1 SecretStore (s)"), line("iam-user", "iam-user/es", plan.Delete, "ours")}
	refusal.Errors = []bootstrap.Problem{{Step: "blast-radius", Message: "1 object would be left"}}
	dry := base
	dry.Changes = done.Changes
	for name, test := range map[string]struct {
		result bootstrap.Result
		tense  report.Tense
	}{"done": {done, report.Done}, "partly": {partly, report.Done}, "nothing left": {nothing, report.Done}, "refused": {refusal, report.Done}, "dry run": {dry, report.Pending}} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := report.Text(&b, report.Page{}, test.tense, test.result); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, b.String())
		})
	}
	if got := report.Resume(partly, report.Done); !strings.Contains(got, "what was deleted is gone") {
		t.Errorf("resume: %q", got)
	}
}
