package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

func TestJSONHasNoNullLists(t *testing.T) {
	var out bytes.Buffer
	if err := report.Document(&out, report.Form{Tool: "dev"}, bootstrap.Result{Command: "up"}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "null") {
		t.Errorf("null in %s", out.String())
	}
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"command", "account", "region", "partition", "cluster", "namespace", "changed", "changes", "outputs", "warnings", "errors", "durationSeconds"} {
		if _, ok := doc[key]; !ok {
			t.Errorf("no %q in the document", key)
		}
	}
}

func TestJSONKeepsCharacters(t *testing.T) {
	var out bytes.Buffer
	if err := report.Document(&out, report.Form{Tool: "dev"}, bootstrap.Result{Warnings: bootstrap.Warned("test", "a <b> & c")}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"a <b> & c"`) {
		t.Errorf("escaped for HTML: %s", out.String())
	}
}

func TestCompleteTellsEachProblemOnce(t *testing.T) {
	p := bootstrap.Problem{Step: "iam-policy", Message: "get policy: denied"}
	got := report.Complete(bootstrap.Result{Errors: []bootstrap.Problem{p, p}, Warnings: bootstrap.Warned("test", "w", "w")}, "up", bootstrap.ErrFailed)
	want := bootstrap.Result{Command: "up", Errors: []bootstrap.Problem{p}, Warnings: bootstrap.Warned("test", "w")}
	if diff := cmp.Diff(want, got, sameText()); diff != "" {
		t.Error(diff)
	}
}

func TestCompleteAddsAnErrorThatTheResultDoesNotTell(t *testing.T) {
	err := hint.With(errors.New("read kubeconfig: no such file"), "give --kubeconfig")
	got := report.Complete(bootstrap.Result{}, "plan", err).Errors
	want := []bootstrap.Problem{{Message: "read kubeconfig: no such file", Hint: "give --kubeconfig", Code: "failed"}}
	if diff := cmp.Diff(want, got, sameText()); diff != "" {
		t.Error(diff)
	}
}
