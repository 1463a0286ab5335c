package handover_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/handover"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// derive renders the umbrella with values, and with the chart's own Secrets switched off.
func derive(t *testing.T, version, text string) ([]handover.Route, []handover.Setting) {
	t.Helper()
	chart, err := render.Load(context.WithoutCancel(t.Context()), nil, gen3test.Checkout(t, version), version)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	o := render.Options{Release: "gen3", Namespace: "commons"}
	now, err := chart.Render(values, o)
	if err != nil {
		t.Fatal(err)
	}
	settings := handover.Settings(now.Values)
	then, err := chart.Render(helmvalues.Merge(values, handover.Changes(settings)), o)
	if err != nil {
		t.Fatal(err)
	}
	return handover.Routes(gen3.Take(now.Objects), gen3.Take(then.Objects)), settings
}

// TestRoutes: what goes where, by constructs of Gen3's chart. A line is "Secret > name in Secrets Manager: parts".
func TestRoutes(t *testing.T) {
	t.Parallel()
	const host = "postgres: {master: {host: db.example.org}}"
	dbs := []string{
		"audit-dbcreds > default-audit-creds: all, dbcreated by Job audit-dbcreate", "fence-dbcreds > default-fence-creds: all, dbcreated by Job fence-dbcreate",
		"indexd-dbcreds > default-indexd-creds: all, dbcreated by Job indexd-dbcreate", "wts-dbcreds > default-wts-creds: all, dbcreated by Job wts-dbcreate",
	}
	for name, c := range map[string]struct {
		version, values string
		want            []string // beside others, where the first is ""
		not             string
		settings        []string
	}{
		"database credentials": {
			values: "global: {dev: false, " + host + ", externalSecrets: {deploy: true, createLocalK8sSecret: true}}\n" + noClient, want: dbs,
			settings: []string{"global.externalSecrets.createLocalK8sSecret=false"},
		},
		"another name": {
			values: "global: {dev: false, " + host + ", environment: demo, externalSecrets: {deploy: true, createLocalK8sSecret: true}}\n" + noClient + "\nfence: {externalSecrets: {dbcreds: fence-db}}",
			want:   []string{"", "fence-dbcreds > fence-db: all, dbcreated by Job fence-dbcreate", "audit-dbcreds > demo-audit-creds: all, dbcreated by Job audit-dbcreate"}, settings: []string{"global.externalSecrets.createLocalK8sSecret=false"},
		},
		"before 0.2.87": {
			version: gen3test.Old, values: "global: {dev: false, " + host + ", externalSecrets: {deploy: true, dbCreate: true}}\n" + noClient, want: dbs,
			settings: []string{"global.externalSecrets.dbCreate=false"},
		},
		"a PushSecret's own": {
			values: "global: {dev: false, " + host + ", externalSecrets: {deploy: true, createLocalK8sSecret: true, pushSecret: true}}\n" + noClient,
			want:   []string{"", "fence-dbcreds > default-fence-creds: all, dbcreated by Job fence-dbcreate, pushed by fence-dbcreds"}, not: "bootstrap",
			settings: []string{"global.externalSecrets.createLocalK8sSecret=false"},
		},
		"one file": {
			values: "global: {externalSecrets: {deploy: true}}\naudit: {externalSecrets: {createK8sAuditSecret: true, auditG3auto: demo-audit}}\n" + noClient,
			want:   []string{"audit-g3auto > demo-audit: audit-service-config.yaml"}, settings: []string{"audit.externalSecrets.createK8sAuditSecret=false"},
		},
		"a text is true": {
			values: "global: {externalSecrets: {deploy: true}}\naudit: {externalSecrets: {createK8sAuditSecret: \"false\"}}\n" + noClient,
			want:   []string{"audit-g3auto > audit-g3auto: audit-service-config.yaml"}, settings: []string{"audit.externalSecrets.createK8sAuditSecret=false"},
		},
		"an ExternalSecret beside it": {
			values: "global: {externalSecrets: {deploy: true}}\nfence: {externalSecrets: {createK8sGoogleAppSecrets: true}}\n" + noClient,
			want:   []string{"fence-jwt-keys > fence-jwt-keys: jwt_private_key.pem"}, settings: []string{"fence.externalSecrets.createK8sGoogleAppSecrets=false"},
		},
		"all of it": {
			values: "global: {dev: false, " + host + "}\n" + noClient,
			want: append([]string{
				"", "fence-config > fence-config: fence-config.yaml", "indexd-service-creds > indexd-service-creds: all", "audit-g3auto > audit-g3auto: audit-service-config.yaml",
			}, dbs...),
			settings: []string{"global.externalSecrets.deploy=true"},
		},
		"a switch of a subchart that is off": {
			values:   "global: {externalSecrets: {deploy: true}}\naudit: {enabled: false, externalSecrets: {createK8sAuditSecret: true}}\n" + noClient,
			settings: []string{"audit.externalSecrets.createK8sAuditSecret=false"},
		},
		"nothing": {values: "global: {externalSecrets: {deploy: true}}\n" + noClient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			version := c.version
			if version == "" {
				version = gen3test.New
			}
			routes, settings := derive(t, version, c.values)
			var got, set []string
			for _, r := range routes {
				got = append(got, line(r))
			}
			for _, s := range settings {
				set = append(set, fmt.Sprintf("%s=%t", s.Path, s.Value))
			}
			if diff := cmp.Diff(c.settings, set); diff != "" {
				t.Error(diff)
			}
			if len(c.want) > 0 && c.want[0] == "" {
				for _, want := range c.want[1:] {
					if !slices.Contains(got, want) {
						t.Errorf("%s is not among %q", want, got)
					}
				}
			} else if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if c.not != "" && strings.Contains(strings.Join(got, "\n"), c.not) {
				t.Errorf("%q", got)
			}
		})
	}
}

// noClient switches off what a job, and no template, fills.
const noClient = "wts: {externalSecrets: {createWtsOidcClientSecret: false}}"

func line(r handover.Route) string {
	out := r.Secret + " > " + r.Remote + ":"
	for _, p := range r.Parts {
		switch {
		case p.Key == "":
			out += " all"
		case p.Property != "":
			out += " " + p.Key + " as " + p.Property
		default:
			out += " " + p.Key
		}
	}
	if r.Marker != "" {
		out += ", " + r.Marker + " by " + r.Job
	}
	if len(r.Pushed) > 0 {
		out += ", pushed by " + strings.Join(r.Pushed, ", ")
	}
	if r.Odd != "" {
		out += ", " + r.Odd
	}
	return out
}

// TestWhatASettingIsNeededFor: global ones concern all charts, those of a subchart its own templates.
func TestWhatASettingIsNeededFor(t *testing.T) {
	t.Parallel()
	all := []handover.Setting{{Path: "audit.externalSecrets.createK8s"}, {Path: "fence.externalSecrets.createK8s"}, {Path: "global.externalSecrets.createLocal"}}
	got := handover.Route{Source: "gen3/charts/fence/templates/x.yaml"}.Scoped(all)
	if diff := cmp.Diff(all[1:], got); diff != "" {
		t.Error(diff)
	}
}

// TestContent: a Secret of the cluster in the shape in which Secrets Manager is read, and what keeps it from going there.
func TestContent(t *testing.T) {
	t.Parallel()
	db := handover.Route{Secret: "indexd-dbcreds", Remote: "x", Parts: []handover.Part{{}}, Required: []string{"password", "dbcreated"}, Marker: "dbcreated", Job: "Job indexd-dbcreate"}
	whole := handover.Route{Secret: "fence-config", Parts: []handover.Part{{Key: "fence-config.yaml"}}}
	part := handover.Route{Secret: "wts-g3auto", Parts: []handover.Part{{Key: "appcreds.json", Property: "app.json"}}}
	spare := handover.Route{Secret: "metadata-g3auto", Required: []string{"a"}, Parts: []handover.Part{{Key: "a", Property: "a"}, {Key: "b.json", Property: "b.json"}}}
	odd := whole
	odd.Odd = "it is odd"
	credentials := func(pairs ...string) map[string][]byte {
		out := map[string][]byte{"database": []byte("indexd_gen3"), "host": []byte("db.example.org"), "password": []byte("v1"), "dbcreated": []byte("true\n")}
		for pair := range slices.Chunk(pairs, 2) {
			out[pair[0]] = []byte(pair[1])
			if pair[1] == "" {
				delete(out, pair[0])
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		route handover.Route
		data  map[string][]byte
		want  map[string]string // "" is the whole
		says  string            // of a refusal or a warning
	}{
		"database":                    {route: db, data: credentials(), want: map[string]string{"database": "indexd_gen3", "host": "db.example.org", "password": "v1", "dbcreated": "true"}},
		"another line break":          {route: db, data: credentials("password", "v1\n"), want: map[string]string{"database": "indexd_gen3", "host": "db.example.org", "password": "v1\n", "dbcreated": "true"}, says: "key password of Secret indexd-dbcreds ends with a line break"},
		"the job has not run":         {route: db, data: credentials("dbcreated", ""), says: "Job indexd-dbcreate has not made the database yet"},
		"the job says something else": {route: db, data: credentials("dbcreated", "false"), says: "Job indexd-dbcreate has not made the database yet"},
		"a Service":                   {route: db, data: credentials("host", "gen3-postgresql"), says: "a database in the cluster itself"},
		"a Service of the namespace":  {route: db, data: credentials("host", "gen3-postgresql.commons"), says: "a database in the cluster itself"},
		"a Service by its long name":  {route: db, data: credentials("host", "pg.other.svc.cluster.local"), says: "a database in the cluster itself"},
		"a Service by its short name": {route: db, data: credentials("host", "pg.other.svc"), says: "a database in the cluster itself"},
		"a key is missing":            {route: db, data: credentials("password", ""), says: "Secret indexd-dbcreds has no key password"},
		"bytes":                       {route: db, data: credentials("password", "\xff\xfe"), says: "key password of Secret indexd-dbcreds holds bytes"},
		"whole":                       {route: whole, data: map[string][]byte{"fence-config.yaml": []byte("v: 1\n"), "other": nil}, want: map[string]string{"": "v: 1\n"}},
		"a part":                      {route: part, data: map[string][]byte{"appcreds.json": []byte("{}")}, want: map[string]string{"app.json": "{}"}},
		"a part is missing":           {route: part, data: map[string][]byte{"other": []byte("{}")}, says: "has no key appcreds.json"},
		"a part that nothing reads":   {route: spare, data: map[string][]byte{"a": []byte("v")}, want: map[string]string{"a": "v", "b.json": "{}"}, says: "Secret metadata-g3auto has no key b.json, which nothing reads"},
		"a part that a pod reads":     {route: spare, data: map[string][]byte{"b.json": []byte("v")}, says: "has no key a, which is needed"},
		"nothing in it":               {route: handover.Route{Secret: "s", Parts: []handover.Part{{}}, Job: "Job filler"}, says: "Secret s is empty"},
		"what cannot be told":         {route: odd, data: map[string][]byte{"fence-config.yaml": []byte("v")}, says: "it is odd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content, refused, warnings := c.route.Of(c.data, "commons")
			for _, r := range refused {
				warnings = append(warnings, r.Reason, r.Cure)
			}
			said := strings.Join(warnings, "\n")
			if (len(refused) > 0) != (c.want == nil) || !strings.Contains(said, c.says) || c.says == "" && said != "" {
				t.Errorf("says %q", said)
			}
			if strings.Contains(said, "v1") {
				t.Errorf("a value comes out: %s", said)
			}
			if c.want != nil {
				if diff := cmp.Diff(c.want, revealed(content)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func revealed(c handover.Content) map[string]string {
	out := map[string]string{}
	for name, v := range c.Properties {
		out[name] = v.Reveal()
	}
	if c.Properties == nil {
		out[""] = c.Text.Reveal()
	}
	return out
}

func TestJoin(t *testing.T) {
	t.Parallel()
	whole := func(text string) handover.Content { return handover.Content{Text: redact.New(text)} }
	object := func(pairs ...string) handover.Content {
		out := handover.Content{Properties: map[string]redact.String{}}
		for pair := range slices.Chunk(pairs, 2) {
			out.Properties[pair[0]] = redact.New(pair[1])
		}
		return out
	}
	for name, c := range map[string]struct {
		a, b handover.Content
		want map[string]string
	}{
		"two halves":      {object("a", "1"), object("b", "2"), map[string]string{"a": "1", "b": "2"}},
		"the same twice":  {object("a", "1"), object("a", "1"), map[string]string{"a": "1"}},
		"contradictory":   {object("a", "1"), object("a", "2"), nil},
		"one text twice":  {whole("a"), whole("a"), map[string]string{"": "a"}},
		"two texts":       {whole("a"), whole("b"), nil},
		"text and object": {whole("a"), object("a", "1"), nil},
	} {
		got, ok := c.a.Join(c.b)
		if ok != (c.want != nil) || ok && cmp.Diff(c.want, revealed(got)) != "" {
			t.Errorf("%s: %v, %v", name, revealed(got), ok)
		}
	}
}

// TestFit: a file in the shape in which the deployment reads the secret.
func TestFit(t *testing.T) {
	t.Parallel()
	whole := gen3.Requirement{Shapes: []gen3.Shape{gen3.Whole}}
	property := gen3.Requirement{Shapes: []gen3.Shape{gen3.Property}, Properties: []string{"creds.json"}}
	two := gen3.Requirement{Shapes: []gen3.Shape{gen3.Property}, Properties: []string{"a", "b"}}
	extract := gen3.Requirement{Shapes: []gen3.Shape{gen3.Extract}, Keys: []string{"a", "b"}}
	for name, c := range map[string]struct {
		q       gen3.Requirement
		text    string
		want    map[string]string
		problem string
	}{
		"whole":                 {whole, "a: 1\nb: 2\n", map[string]string{"": "a: 1\nb: 2\n"}, ""},
		"a line":                {whole, "https://hooks.example.org\r\n", map[string]string{"": "https://hooks.example.org"}, ""},
		"a file as a property":  {property, `{"type":"service_account"}`, map[string]string{"creds.json": `{"type":"service_account"}`}, ""},
		"a property":            {property, `{"creds.json":"{}","x":1}`, map[string]string{"creds.json": "{}", "x": "1"}, ""},
		"two properties":        {two, `{"a":"1","b":2}`, map[string]string{"a": "1", "b": "2"}, ""},
		"a property is missing": {two, `{"a":"1"}`, nil, "lacks b"},
		"no object for two":     {two, "x", nil, "a JSON object with a, b"},
		"extract":               {extract, `{"a":"1","b":{"c":1}}`, map[string]string{"a": "1", "b": `{"c":1}`}, ""},
		"extract lacks":         {extract, `{"c":"1"}`, nil, "lacks a, b"},
		"extract of no object":  {extract, "a=1", nil, "a JSON object with a, b"},
		"read in two shapes":    {gen3.Requirement{Shapes: []gen3.Shape{gen3.Extract, gen3.Whole}}, "x", nil, "of which one is wrong"},
	} {
		got, problem := handover.Fit(c.q, redact.New(c.text))
		if (problem != "") != (c.problem != "") || !strings.Contains(problem, c.problem) || c.want != nil && cmp.Diff(c.want, revealed(got)) != "" {
			t.Errorf("%s: %v, %q", name, revealed(got), problem)
		}
	}
}
