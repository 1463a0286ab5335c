package lint

import (
	"strconv"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
)

const on = "global:\n  dev: false\n  postgres: {master: {host: db.example.org}}\n  externalSecrets:\n    deploy: true\n"

// TestFindings has one row a situation: what the file adds to clean values, and each finding as "rule level line path, part of message! hint".
func TestFindings(t *testing.T) {
	t.Parallel()
	chart, err := render.Load(t.Context(), nil, gen3test.Checkout(t, gen3test.New), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		whole string // "": clean values
		adds  string
		want  []string
	}{
		"nothing":                    {},
		"an own name":                {adds: "indexd: {externalSecrets: {serviceCreds: demo-indexd-service-creds}}"},
		"a default said again":       {adds: "audit: {externalSecrets: {createK8sAuditSecret: false}}"},
		"a service's own settings":   {adds: "fence: {FENCE_CONFIG: {ANYTHING: {at: all}}}"},
		"a chart that is off":        {adds: "sower: {externalSecrets: {pelican: demo-pelican}}"},
		"a chart that was left out":  {adds: "postgresql: {primary: {persistence: {enabled: false, size: 10Gi}}}"},
		"a key that is taken whole":  {adds: "audit: {resources: {requests: {cpu: 15m}}}"},
		"such a key where it is off": {adds: "audit: {enabled: false, resources: {requests: {cpu: 15m}}}"},
		"a name as by default":       {adds: "indexd: {externalSecrets: {dbcreds: default-indexd-creds}}"},
		"a string that is printed":   {adds: `audit: {logLevel: "no"}`},
		"a key twice":                {adds: "audit: {enabled: true}\naudit: {enabled: true}", want: []string{"duplicate-key error 7 audit, line 6"}},
		"a mapping misspelt": {
			adds: "indexd: {external-secrets: {serviceCreds: demo-indexd-service-creds}}",
			want: []string{"unknown-key error 6 indexd.external-secrets, the deployment reads secret indexd-service-creds, not demo-indexd-service-creds! did you mean indexd.externalSecrets?"},
		},
		"a chart misspelt":           {adds: "indexed: {enabled: true}", want: []string{"unknown-key error 6 indexed, did you mean indexd?"}},
		"a key that is like nothing": {adds: "fence: {zebra: 1}", want: []string{"unknown-key warning 6 fence.zebra, values.yaml"}},
		"a key at the wrong place": {
			adds: "audit: {createK8sAuditSecret: true}",
			want: []string{"unknown-key error 6 audit.createK8sAuditSecret, did you mean audit.externalSecrets.createK8sAuditSecret?"},
		},
		"a name that a switch makes idle": {
			adds: "wts: {externalSecrets: {wtsOidcClient: demo-wts-client}}",
			want: []string{"no-effect warning 6 wts.externalSecrets.wtsOidcClient, wts.externalSecrets.createWtsOidcClientSecret is true"},
		},
		"names that a switch of all makes idle": {
			adds: "    createLocalK8sSecret: true\nindexd: {externalSecrets: {dbcreds: demo-indexd-creds}}",
			want: []string{"no-effect warning 7 indexd.externalSecrets.dbcreds, global.externalSecrets.createLocalK8sSecret is true"},
		},
		"a renamed switch": {adds: "    dbCreate: true", want: []string{"unknown-key error 6 global.externalSecrets.dbCreate, createLocalK8sSecret"}},
		"a value that is read nowhere": {
			whole: "global:\n  externalSecrets: {deploy: true}\n  aws:\n    externalSecrets: {pushSecret: true}",
			want:  []string{"no-effect warning 4 global.aws.externalSecrets.pushSecret, changes nothing"},
		},
		"a string for false": {
			adds: `audit: {externalSecrets: {createK8sAuditSecret: "false"}}`,
			want: []string{"string-boolean error 6 audit.externalSecrets.createK8sAuditSecret, any string for true"},
		},
		"a Secrets Manager name that becomes a Kubernetes name": {
			whole: "global:\n  externalSecrets: {deploy: true}\n  postgres: {externalSecret: demo_master}",
			want:  []string{"illegal-name error 3 global.postgres.externalSecret, demo_master"},
		},
		"a push without a host": {
			whole: "global:\n  dev: false\n  externalSecrets:\n    deploy: true\n    pushSecret: true",
			want:  []string{"no-render error 5 global.externalSecrets.pushSecret, renders without global.externalSecrets.pushSecret! set "},
		},
		"databases of nobody": {
			whole: "global:\n  dev: false",
			want:  []string{"no-render error 2 global.dev, global.postgres.master.host"},
		},
		"a push of an empty host": {
			whole: "global:\n  dev: false\n  externalSecrets:\n    deploy: true\n    pushSecret: true\n  postgres: {master: {host: ''}}",
			want:  []string{"push-empty error 5 global.externalSecrets.pushSecret, empty host"},
		},
		"a push of passwords that nobody uses": {
			adds: "    pushSecret: true\n    createLocalK8sSecret: true",
			want: []string{"push-unread warning 6 global.externalSecrets.pushSecret, never works"},
		},
		"a store without credentials": {
			whole: "global:\n  externalSecrets: {deploy: true}\n  aws: {useLocalSecret: {enabled: true}}",
			want:  []string{"store-without-credentials error 3 global.aws.useLocalSecret.enabled, gen3-secret-store"},
		},
		"a store that needs itself": {
			whole: "global:\n  externalSecrets: {deploy: true}\n  aws: {externalSecrets: {enabled: true, externalSecretAwsCreds: demo-aws}}",
			want:  []string{"store-cycle error 3 global.aws.externalSecrets.enabled, by that very store"},
		},
		"a store that nobody makes": {
			adds: "    separateSecretStore: true",
			want: []string{"store-missing error 6 global.externalSecrets.separateSecretStore, hatchery-secret-store"},
		},
		"one secret in two shapes": {
			adds: "indexd: {externalSecrets: {dbcreds: fence-config}}",
			want: []string{"two-shapes error 6 indexd.externalSecrets.dbcreds, fence-config (whole), indexd-dbcreds (extract)"},
		},
		"a database's credentials that are another secret of the deployment": {
			adds: "indexd: {externalSecrets: {dbcreds: wts-g3auto}}",
			want: []string{"two-shapes error 6 indexd.externalSecrets.dbcreds, indexd-dbcreds (extract), wts-g3auto (property)! give one"},
		},
		"two who make one Secret": {
			adds: "fence: {externalSecrets: {createK8sGoogleAppSecrets: true}}",
			want: []string{"two-writers error 6 fence.externalSecrets.createK8sGoogleAppSecrets, fence-jwt-keys", "unwritten-secret note 6 fence.externalSecrets.createK8sGoogleAppSecrets, check that it is in the cluster"},
		},
		"a file that is no YAML then": {
			adds: "audit: {broken: true}\nfence: {externalSecrets: {fenceConfig: \"a\\e[31mb\"}}",
			want: []string{
				"no-yaml error 6 audit.broken, audit/templates/broken.yaml: what comes out is no YAML",
				"no-yaml error 7 fence.externalSecrets.fenceConfig, fence/templates/external-secret.yaml: what",
				"unwritten-secret note 7 fence.externalSecrets.fenceConfig, check that it is in the cluster",
			},
		},
		"a scalar for a mapping": {adds: "audit: 3", want: []string{"no-render error 6 audit, is a mapping in the chart"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := test.whole
			if text == "" {
				text = on + test.adds
			}
			check(t, lint(t, chart, text), test.want)
		})
	}
}

func lint(t *testing.T, chart *render.Chart, text string) []Finding {
	t.Helper()
	file, err := helmvalues.Read(t.Context(), "-f", gen3test.Values(t, "values.yaml", text))
	if err != nil {
		t.Fatal(err)
	}
	l := &Linter{Chart: chart, Files: []helmvalues.File{file}, Options: render.Options{Release: "gen3", Namespace: "gen3"}}
	out, err := l.Run()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func check(t *testing.T, got []Finding, want []string) {
	t.Helper()
	for i, f := range got {
		if i >= len(want) {
			t.Errorf("more than was wanted: %+v", f)
			continue
		}
		head, part, _ := strings.Cut(want[i], ", ")
		fields := strings.SplitN(head, " ", 4)
		line := fields[2]
		if f.Rule != fields[0] || string(f.Level) != fields[1] || f.Path != fields[3] || strconv.Itoa(f.Line) != line || !strings.Contains(f.Message+"! "+f.Hint, part) {
			t.Errorf("got %+v\nwant %s", f, want[i])
		}
	}
	if len(got) < len(want) {
		t.Errorf("not found: %v", want[len(got):])
	}
}

// TestNothingQuotesValues: whatever is found, what stands in the file stays there.
func TestNothingQuotesValues(t *testing.T) {
	t.Parallel()
	chart, err := render.Load(t.Context(), nil, gen3test.Checkout(t, gen3test.New), "")
	if err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2hunter2"
	for _, text := range []string{
		on + "fence: {FENCE_CONFIG: {password: " + secret + "}, typo: " + secret + "}",
		on + "fence: " + secret,
		on + "fence: {externalSecrets: " + secret + "}",
		on + "audit: {broken: " + secret + "}",
		"global: {externalSecrets: {deploy: true, pushSecret: true}, dev: false, postgres: {master: {password: " + secret + "}}}",
		"global: {externalSecrets: {deploy: true}, postgres: {master: {host: {a: " + secret + "}}}}",
	} {
		for _, f := range lint(t, chart, text) {
			if strings.Contains(f.Message+f.Hint+f.Path, secret) {
				t.Errorf("%+v", f)
			}
		}
	}
}
