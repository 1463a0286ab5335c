package report_test

import (
	"bytes"
	"fmt"
	"strings"
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

// detailed is a plan with everything that a row can have.
func detailed() bootstrap.Result {
	r := fresh("plan")
	r.Caller, r.Cluster.Server, r.NamespaceFrom = "arn:aws:sts::111122223333:assumed-role/Admin/ada", "https://0123456789ABCDEF.gr7.us-east-1.eks.amazonaws.com", "context"
	r.Changes = append([]plan.Change{{
		Step: "record", Resource: plan.In(plan.ConfigMap, "gen3", "gen3-bootstrap"), Action: plan.Update, Reason: "the settings of the last up were others",
		Fields: []plan.Field{
			{Name: "--secret-prefix", Before: []string{"a-"}, After: []string{"a-", "b-"}, Mark: plan.MarkWidens},
			{Name: "--allow-push", Before: false, After: true, Mark: plan.MarkWidens},
			{Name: "--permissions-boundary", Before: policyARN},
		},
	}}, r.Changes...)
	on := "secretsmanager:GetSecretValue, secretsmanager:DescribeSecret on arn:aws:secretsmanager:us-east-1:111122223333:secret:"
	r.Changes[3].Fields = []plan.Field{{Name: "allows", Before: []string{"allow " + on + "a-*"}, After: []string{"allow " + on + "a-*", "allow " + on + "b-*"}, Mark: plan.MarkWidens}}
	r.Changes[2].Fields = []plan.Field{
		{Name: "chart", After: "external-secrets 0.16.2"}, {Name: "values", After: []string{"crds.annotations.helm.sh/resource-policy: keep", "installCRDs: true"}},
	}
	r.Changes[4].Fields = []plan.Field{{Name: "tags", Before: map[string]string{"team": "a"}, After: map[string]string{"team": "a", "managed-by": "gen3-bootstrap"}}}
	return r
}

// TestTextFitsItsPage: rows are broken between words, and a word that is longer than the page stays whole.
func TestTextFitsItsPage(t *testing.T) {
	unfinished := detailed()
	unfinished.Command, unfinished.Errors = "up", []bootstrap.Problem{{Step: "iam-policy", Message: "create policy version: LimitExceeded"}}
	for i, o := range []plan.Outcome{plan.Done, "", plan.Done, plan.Failed, plan.NotReached, plan.NotReached, plan.NotReached} {
		unfinished.Changes[i].Outcome = o
	}
	for what, c := range map[string]struct {
		result bootstrap.Result
		tense  report.Tense
	}{"plan": {detailed(), report.Pending}, "up that failed": {unfinished, report.Done}, "blocked": {refused("plan"), report.Pending}} {
		for _, width := range []int{60, 80, 120, 180} {
			for dress, style := range map[string]tty.Style{"plain": {}, "in colour": tty.Colour()} {
				t.Run(fmt.Sprintf("%s at %d %s", what, width, dress), func(t *testing.T) {
					var out bytes.Buffer
					if err := report.Text(&out, report.Page{Width: width, Style: style, Flags: []report.Flag{{Name: "n", Words: []string{"-n", "gen3"}}}}, c.tense, c.result); err != nil {
						t.Fatal(err)
					}
					golden.Equal(t, out.String())
					if dress != "plain" {
						return
					}
					for line := range strings.Lines(out.String()) {
						line = strings.TrimRight(line, "\n")
						if n := len([]rune(line)); n > width && strings.Contains(strings.TrimSpace(line), " ") && !strings.HasPrefix(line, "next:") && !longWord(line, width) {
							t.Errorf("%d columns: %s", n, line)
						}
					}
				})
			}
		}
	}
}

// longWord reports whether a line is long since one word of it is.
func longWord(line string, width int) bool {
	for word := range strings.FieldsSeq(line) {
		if len([]rune(word)) > width-20 {
			return true
		}
	}
	return false
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
