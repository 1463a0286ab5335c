package secrets

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
)

func list(t *testing.T, d deployment.Ref, compare Other) (Result, error) {
	t.Helper()
	return List(t.Context(), bootstrap.Settings{Timeout: time.Minute}, d, compare, bootstrap.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// TestListFromFiles asks neither AWS nor a cluster: there are none.
func TestListFromFiles(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	base := gen3test.Values(t, "base.yaml", "global: {externalSecrets: {deploy: true}}\nfence: {FENCE_CONFIG: {password: "+secret+"}}")
	over := gen3test.Values(t, "over.yaml", "indexd: {externalSecrets: {serviceCreds: demo-indexd-service-creds}}")
	r, err := list(t, deployment.Ref{Files: []string{base, over}, Chart: gen3test.Checkout(t, gen3test.New)}, Other{})
	if err != nil {
		t.Fatal(r.Errors)
	}
	document, err := json.Marshal(r)
	if err != nil || strings.Contains(string(document), secret) {
		t.Errorf("%s, %v", document, err)
	}
	if r.Source != deployment.Files || r.Chart != (deployment.Chart{Name: "gen3", Version: gen3test.New}) || len(r.Secrets) != 11 || r.Secrets[4].Name != "default-wts-creds" || len(r.Warnings) > 0 {
		t.Errorf("%s", document)
	}
	found := false
	for _, s := range r.Secrets {
		found = found || s.Name == "demo-indexd-service-creds" && s.SetBy[0] == "indexd.externalSecrets.serviceCreds" && s.Readers[0].By == "Job indexd-userdb"
	}
	if !found {
		t.Errorf("%s", document)
	}
}

func TestListSaysWhyThereIsNothing(t *testing.T) {
	t.Parallel()
	r, err := list(t, deployment.Ref{Source: deployment.Files, Chart: gen3test.Checkout(t, gen3test.New)}, Other{})
	if err != nil || len(r.Secrets) > 0 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Message, "global.externalSecrets.deploy") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestListRefuses(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]deployment.Ref{
		"check --compare-version and --compare-chart: only":         {Source: deployment.Live},
		"read values file none.yaml":                                {Files: []string{"none.yaml"}},
		"check --compare-version 0.3.90: ./chart holds one version": {Source: deployment.Files, Chart: "./chart"},
	} {
		r, err := list(t, d, Other{Version: "0.3.90"})
		if err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, want) || r.Errors[0].Hint == "" {
			t.Errorf("%s: %+v, %v", want, r.Errors, err)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	d := deployment.Ref{Files: []string{gen3test.Values(t, "on.yaml", "global: {externalSecrets: {deploy: true}}")}, Chart: gen3test.Checkout(t, gen3test.Old)}
	r, err := list(t, d, Other{Chart: gen3test.Checkout(t, gen3test.New)})
	if err != nil {
		t.Fatal(r.Errors)
	}
	if c := r.Compared; c.Version != gen3test.New || len(c.Changes) != 1 || c.Changes[0].Name != "fence-google-app-creds-secret" {
		t.Errorf("%+v", c)
	}
}
