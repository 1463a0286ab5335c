package values

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/fragment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
)

// offline runs values against the umbrella for tests, and asks nobody.
func offline(t *testing.T, w fragment.Wish, files ...string) (Result, error) {
	t.Helper()
	s := bootstrap.Settings{Region: "us-east-1", Namespace: "commons", Timeout: time.Minute, Gen3Chart: gen3test.Checkout(t, gen3test.New)}
	for _, text := range files {
		s.Gen3Values = append(s.Gen3Values, gen3test.Values(t, "values.yaml", text))
	}
	return Run(t.Context(), s, Options{Offline: true, Wish: w}, bootstrap.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// TestTheFileIsWhatWasProved gives the text to a render, as helm would, over the operator's own file: it reads what the proof says.
func TestTheFileIsWhatWasProved(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	mine := "{global: {dev: false, environment: stage, postgres: {master: {host: db.example.org, password: " + secret + "}}}}"
	for name, w := range map[string]fragment.Wish{
		"nothing": {}, "a prefix": {NamePrefix: "demo-"}, "databases": {CreateDB: true, KeepLocal: []string{"audit/audit-g3auto"}, NamePrefix: "x/"}, "a push": {PushDB: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := offline(t, w, mine)
			if err != nil {
				t.Fatal(r.Errors)
			}
			document, err := json.Marshal(r)
			if err != nil || strings.Contains(string(document)+r.Text, secret) {
				t.Errorf("%s, %v", document, err)
			}
			chart, err := render.Load(t.Context(), nil, gen3test.Checkout(t, gen3test.New), "")
			if err != nil {
				t.Fatal(err)
			}
			var together map[string]any
			for _, text := range []string{mine, r.Text} {
				var v map[string]any
				if err := yaml.UnmarshalStrict([]byte(text), &v); err != nil {
					t.Fatal(err)
				}
				together = helmvalues.Merge(together, v)
			}
			rendered, err := chart.Render(together, render.Options{Release: "gen3", Namespace: "commons"})
			if err != nil {
				t.Fatal(err)
			}
			if got := fragment.Names(gen3.Take(rendered.Objects)); !slices.Equal(got, r.Proof.After) || len(got) == 0 {
				t.Errorf("the file reads %v, and the proof says %v", got, r.Proof.After)
			}
		})
	}
}

func TestProofSaysWhatUpIsNeededFor(t *testing.T) {
	t.Parallel()
	r, err := offline(t, fragment.Wish{SeparateStores: true, PushDB: true}, "{hatchery: {enabled: false}, global: {dev: false, postgres: {master: {host: db.example.org}}}}")
	if err != nil {
		t.Fatal(r.Errors)
	}
	said := strings.Join(bootstrap.Messages(r.Warnings), "\n")
	for _, want := range []string{"--secret-name audit-aws-config --secret-name fence-aws-config", "up --allow-push"} {
		if !strings.Contains(said, want) {
			t.Errorf("want %q in %s", want, said)
		}
	}
	if !strings.Contains(r.Text, "# Its SecretStores read the access key in audit-aws-config, ") || strings.Contains(r.Text, "reads the access key in Secret") {
		t.Error(r.Text)
	}
}

func TestSubchartStandsAlone(t *testing.T) {
	t.Parallel()
	r, err := offline(t, fragment.Wish{Subchart: "audit"}, "{global: {environment: stage, postgres: {dbCreate: false}}}")
	if err != nil {
		t.Fatal(r.Errors)
	}
	if r.Proof.Chart.Name != "audit" || r.Proof.Before != nil || !slices.Equal(r.Proof.After, []string{"audit-g3auto", "stage-audit-creds"}) || !strings.Contains(r.Text, "helm upgrade --install audit gen3/audit") {
		t.Errorf("%+v\n%s", r.Proof, r.Text)
	}
}

// TestRefusals: nothing is put on stdout, and everything that is wrong is told at once.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wish  fragment.Wish
		files []string
		want  []string
	}{
		"a prefix that no secret can have": {fragment.Wish{NamePrefix: "a*"}, nil, []string{`--name-prefix "a*" is not legal`}},
		"several":                          {fragment.Wish{SeparateStores: true, KeepLocal: []string{"nope"}}, nil, []string{"chart hatchery reads from SecretStore", "--keep-local nope"}},
		"values that do not render":        {fragment.Wish{PushDB: true}, []string{"{global: {dev: false}}"}, []string{"no value for"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := offline(t, c.wish, c.files...)
			if err == nil || r.Text != "" || r.Values != nil || len(r.Errors) != len(c.want) {
				t.Fatalf("%+v, %v", r, err)
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(r.Errors, func(p bootstrap.Problem) bool { return strings.Contains(p.Message, want) }) {
					t.Errorf("want %q in %+v", want, r.Errors)
				}
			}
		})
	}
	s := bootstrap.Settings{Region: "us-east-1", Timeout: time.Minute, Gen3Values: []string{"none.yaml"}}
	r, err := Run(t.Context(), s, Options{Offline: true}, bootstrap.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "none.yaml") {
		t.Errorf("%+v, %v", r.Errors, err)
	}
}
