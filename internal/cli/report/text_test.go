package report_test

import (
	"bytes"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const policyARN = "arn:aws:iam::111122223333:policy/external_secrets_policy"

// fresh is what a run finds where nothing is yet.
func fresh(command string) bootstrap.Result {
	return bootstrap.Result{
		Command: command, Account: "111122223333", Region: "us-east-1", Partition: "aws",
		Cluster: bootstrap.Cluster{Context: "prod"}, Namespace: "gen3", Changed: true,
		Changes: []plan.Change{
			{Step: "helm-release", Resource: plan.Of("namespace", "external-secrets"), Action: plan.None, Reason: "it exists"},
			{Step: "helm-release", Resource: plan.At(plan.HelmRelease, "external-secrets/external-secrets"), Action: plan.Create, Reason: "no release of that name; chart external-secrets 0.16.2"},
			{Step: "iam-policy", Resource: plan.Of(plan.IAMPolicy, policyARN), Action: plan.Update, Reason: "its document lacks secretsmanager:DescribeSecret"},
			{Step: "iam-user", Resource: plan.Of("iam-user", "external_secrets_user"), Action: plan.Adopt, Reason: "--adopt, and it was not created by gen3-bootstrap"},
			{Step: "access-key", Resource: plan.Of(plan.AccessKey, plan.KnownAfterApply), Action: plan.Create, Reason: "no Secret holds a key"},
			{Step: "access-key", Resource: plan.Of("access-key", "AKIAIOSFODNN7EXAMPLE"), Action: plan.Delete, Reason: "never used, and no Secret holds it"},
		},
		DurationSeconds: 12.34,
	}
}

func converged() bootstrap.Result {
	r := fresh("up")
	r.Changed = false
	for i := range r.Changes {
		r.Changes[i].Action, r.Changes[i].Reason = plan.None, "it is up to date"
	}
	r.Outputs = bootstrap.Outputs{
		PolicyARN: policyARN, UserARN: "arn:aws:iam::111122223333:user/external_secrets_user",
		AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secrets: []string{"gen3/external-secrets-user-secret", "gen3/gen3-aws-config"},
		Release: &bootstrap.Release{Name: "external-secrets", Namespace: "external-secrets", ChartVersion: "0.16.2", Revision: 1},
	}
	return r
}

func done() bootstrap.Result {
	r := fresh("up")
	r.Outputs = converged().Outputs
	return r
}

func failed() bootstrap.Result {
	r := fresh("up")
	r.Changes = r.Changes[:2]
	r.Errors = []bootstrap.Problem{{Step: "iam-policy", Message: "get policy external_secrets_policy: AccessDenied", Hint: "allow iam:GetPolicy to arn:aws:iam::111122223333:user/me"}}
	return r
}

// locked is an up that saw what is to be done and did not get the lock.
func locked() bootstrap.Result {
	r := fresh("up")
	r.Changed = false
	r.Errors = []bootstrap.Problem{{Message: "take the lock of namespace gen3: held by ops on host1"}}
	return r
}

func refused(command string) bootstrap.Result {
	r := fresh(command)
	r.Changed = false
	r.Changes[3] = plan.Change{Step: "iam-user", Resource: plan.Of("iam-user", "external_secrets_user"), Action: plan.Blocked, Reason: "it was not created by gen3-bootstrap"}
	r.Changes[4] = plan.Change{Step: "access-key", Resource: plan.Of(plan.AccessKey, ""), Action: plan.Blocked, Reason: "both slots are taken"}
	r.Errors = []bootstrap.Problem{{Step: "iam-user", Message: "it was not created by gen3-bootstrap", Hint: "--adopt takes it over\n--user-name gives ours another name"}}
	return r
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		result bootstrap.Result
		tense  report.Tense
		page   report.Page
	}{
		"plan":                      {result: fresh("plan"), tense: report.Pending},
		"plan in colour":            {result: fresh("plan"), tense: report.Pending, page: report.Page{Style: tty.Colour()}},
		"plan on a narrow terminal": {result: fresh("plan"), tense: report.Pending, page: report.Page{Width: 100}},
		"plan blocked":              {result: refused("plan"), tense: report.Pending},
		"plan empty":                {result: converged(), tense: report.Pending},
		"up":                        {result: done(), tense: report.Done, page: report.Page{Invocation: hint.Invocation{"--account", "111122223333", "--region", "us-east-1", "--context", "a b", "-n", "gen3"}}},
		"up again":                  {result: converged(), tense: report.Done},
		"up failed":                 {result: failed(), tense: report.Done},
		"up locked":                 {result: locked(), tense: report.Done},
		"up refused":                {result: refused("up"), tense: report.Done},
		"up dry run":                {result: fresh("up"), tense: report.Pending},
		"nothing was seen":          {result: bootstrap.Result{Command: "up", Errors: []bootstrap.Problem{{Message: "no"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := report.Text(&out, c.page, c.tense, c.result); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, out.String())
		})
	}
}

func TestProblems(t *testing.T) {
	var out bytes.Buffer
	r := failed()
	report.Warnings(&out, tty.Style{}, bootstrap.Warned("test", "context prod names region eu-west-1"))
	report.Problems(&out, tty.Style{}, append(r.Errors, refused("up").Errors...))
	report.Hint(&out, tty.Style{}, report.Resume(r, report.Done))
	golden.Equal(t, out.String())
}

func TestResumeIsSaidOnlyWhenSomethingWasMade(t *testing.T) {
	r := failed()
	if report.Resume(r, report.Pending) != "" {
		t.Error("a plan has nothing to resume")
	}
	r.Changed = false
	if report.Resume(r, report.Done) != "" {
		t.Error("nothing was made")
	}
}
