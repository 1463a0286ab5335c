package fragment

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
)

const (
	byKey  = "{global: {aws: {region: us-east-1}, externalSecrets: {deploy: true, apiVersion: external-secrets.io/v1}}}"
	byRole = "{global: {aws: {region: us-east-1, secretStoreServiceAccount: {enabled: true, name: sa, roleArn: arn}}, externalSecrets: {deploy: true, apiVersion: external-secrets.io/v1}}}"
	// master is a database server outside of the cluster.
	master = "{global: {dev: false, postgres: {master: {host: db.example.org, password: x}}}}"
)

// sample says of a wish what it makes of the umbrella for tests: values that it must add, or why it is refused.
type sample struct {
	name     string
	files    string
	signIn   string // "" is byKey
	wish     Wish
	adds     string   // YAML that must be in the fragment
	names    []string // that must be read then
	gone     []string // and that must not
	local    []string
	warnings []string // each must be a part of one
	refused  []string // each must be a part of the error; none: it is made
}

func values(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

func TestMake(t *testing.T) {
	t.Parallel()
	chart, err := render.Load(t.Context(), nil, gen3test.Checkout(t, gen3test.New), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []sample{
		{
			name: "nothing but the prefix", wish: Wish{NamePrefix: "demo-"},
			adds:  "{fence: {externalSecrets: {fenceConfig: demo-fence-config, dbcreds: demo-default-fence-creds}}, indexd: {externalSecrets: {serviceCreds: demo-indexd-service-creds}}}",
			names: []string{"demo-fence-config", "demo-default-wts-creds", "demo-audit-g3auto", "demo-stata-workspace-gen3-license"}, gone: []string{"fence-config", "indexd-service-creds"},
		},
		{
			name: "a prefix leaves what the operator named", files: "{fence: {externalSecrets: {fenceConfig: mine}}}", wish: Wish{NamePrefix: "demo/"},
			names: []string{"mine", "demo/fence-jwt-keys"}, gone: []string{"demo/mine"}, warnings: []string{"your values set the name of mine"},
		},
		{
			name: "a prefix that is there", files: "{fence: {externalSecrets: {fenceConfig: demo-x}}}", wish: Wish{NamePrefix: "demo-"},
			names: []string{"demo-x"}, gone: []string{"demo-demo-x"},
		},
		{
			name: "separate stores of which one is made by nobody", wish: Wish{SeparateStores: true},
			refused: []string{"--separate-stores: chart hatchery reads from SecretStore hatchery-secret-store, which nothing makes"},
		},
		{
			name: "separate stores", files: "{hatchery: {enabled: false}}", wish: Wish{SeparateStores: true},
			adds: "{global: {externalSecrets: {separateSecretStore: true}}}", names: []string{"fence-config"},
		},
		{
			name: "separate stores with one role", files: "{hatchery: {enabled: false}}", signIn: byRole, wish: Wish{SeparateStores: true},
			warnings: []string{"all 5 SecretStores sign in with ServiceAccount sa and its role: they are separate by name only"},
		},
		{name: "no such subchart", wish: Wish{Subchart: "nope"}, refused: []string{"--subchart nope: chart gen3 has none of that name"}},
		{
			name: "a subchart alone", wish: Wish{Subchart: "audit", NamePrefix: "a-"}, files: "{global: {environment: stage, postgres: {dbCreate: false}}}",
			warnings: []string{"what was read before is not known"},
			adds:     "{externalSecrets: {auditG3auto: a-audit-g3auto}, global: {externalSecrets: {separateSecretStore: true}}}", names: []string{"a-audit-g3auto", "a-stage-audit-creds"},
		},
		{
			name: "a subchart alone, whose role the umbrella has", signIn: byRole, wish: Wish{Subchart: "audit"}, files: "{global: {environment: stage, postgres: {dbCreate: false}}}",
			warnings: []string{"nothing in this chart makes ServiceAccount sa"},
		},
		{
			name: "a subchart that lacks values", wish: Wish{Subchart: "fence"},
			refused: []string{"no value for global.postgres.dbCreate"},
		},
		{
			name: "local", wish: Wish{KeepLocal: []string{"audit"}}, adds: "{audit: {externalSecrets: {createK8sAuditSecret: true}}}",
			gone: []string{"audit-g3auto"}, local: []string{"audit-g3auto"}, warnings: []string{"no value of that chart alone has it make Secret audit-dbcreds"},
		},
		{
			name: "one local", wish: Wish{KeepLocal: []string{"fence/fence-config", "indexd/indexd-service-creds"}}, local: []string{"fence-config", "indexd-service-creds"},
			adds: "{fence: {externalSecrets: {createK8sFenceConfigSecret: true}}}", gone: []string{"fence-config", "indexd-service-creds"},
		},
		{
			name: "a value that takes the ExternalSecret and makes another Secret twice", wish: Wish{KeepLocal: []string{"fence/fence-google-app-creds-secret"}},
			refused: []string{"with fence.externalSecrets.createK8sGoogleAppSecrets: true", "nothing makes Secret fence-google-app-creds-secret any more", "the chart makes Secret fence-jwt-keys and External Secrets Operator writes there as well"},
		},
		{
			name: "what is unknown, and all of it at once", wish: Wish{KeepLocal: []string{"nope", "gen3", "audit/other", "audit/audit-dbcreds"}},
			refused: []string{
				"--keep-local nope: chart gen3 has no chart of that name", "--keep-local gen3: that is the whole",
				"that chart has no Secret other from Secrets Manager: it has audit-dbcreds, audit-g3auto", "no value of that chart alone has it make Secret audit-dbcreds",
			},
		},
		{name: "made already", wish: Wish{KeepLocal: []string{"wts/wts-oidc-client"}}, warnings: []string{"Job wts-oidc-job makes that Secret already"}},
		{
			name: "databases made", files: master, wish: Wish{CreateDB: true}, adds: "{global: {externalSecrets: {createLocalK8sSecret: true}}}",
			local: []string{"audit-dbcreds", "fence-dbcreds", "indexd-dbcreds", "wts-dbcreds"}, gone: []string{"default-fence-creds"}, names: []string{"fence-config"},
		},
		{
			name: "databases made, and the Jobs for them switched on", files: "{global: {dev: false, postgres: {dbCreate: false, master: {host: db.example.org}}}}", wish: Wish{CreateDB: true},
			adds: "{global: {externalSecrets: {createLocalK8sSecret: true}, postgres: {dbCreate: true}}}", local: []string{"audit-dbcreds", "fence-dbcreds", "indexd-dbcreds", "wts-dbcreds"},
		},
		{name: "databases made somewhere unknown", files: "{global: {dev: false}}", wish: Wish{CreateDB: true}, refused: []string{"no value for", "global.postgres.master.host"}},
		{name: "databases made at an empty host", files: `{global: {dev: false, postgres: {master: {host: ""}}}}`, wish: Wish{CreateDB: true}, refused: []string{"--create-db", "nothing in host"}},
		{name: "databases made so already", files: `{global: {dev: false, postgres: {master: {host: h.example.org}}, externalSecrets: {createLocalK8sSecret: true}}}`, wish: Wish{CreateDB: true}, warnings: []string{"your values have it so already"}},
		{name: "databases made that are pushed", files: `{global: {dev: false, postgres: {master: {host: h.example.org}}, externalSecrets: {pushSecret: true}}}`, wish: Wish{CreateDB: true}, refused: []string{"your values have PushSecret fence-dbcreds store default-fence-creds as well"}},
		{
			name: "databases pushed", files: master, wish: Wish{PushDB: true}, adds: "{global: {externalSecrets: {pushSecret: true}}}", names: []string{"default-fence-creds"},
		},
		{name: "databases pushed from nowhere", files: "{global: {dev: false}}", wish: Wish{PushDB: true}, refused: []string{"no value for"}},
		{name: "databases pushed at an empty host", files: `{global: {dev: false, postgres: {master: {host: ""}}}}`, wish: Wish{PushDB: true}, refused: []string{"Secret fence-dbcreds-bootstrap comes out with nothing in host"}},
		{name: "databases of this cluster pushed", files: `{global: {dev: false, postgres: {master: {host: pg.gen3.svc}}}}`, wish: Wish{PushDB: true}, warnings: []string{"the databases are in this cluster"}},
		{
			name: "pushed what nobody reads", files: "{global: {dev: false, postgres: {master: {host: h.example.org}}, externalSecrets: {createLocalK8sSecret: true}}}", wish: Wish{PushDB: true},
			refused: []string{"PushSecret fence-dbcreds stores default-fence-creds, which nothing reads with your values"},
		},
		{name: "both", files: master, wish: Wish{CreateDB: true, PushDB: true}, refused: []string{"--create-db and --push-db"}},
		{
			name: "all that go together", files: "{hatchery: {enabled: false}, global: {dev: false, postgres: {master: {host: db.example.org}}}}",
			wish:  Wish{SeparateStores: true, CreateDB: true, KeepLocal: []string{"audit/audit-g3auto"}, NamePrefix: "demo-"},
			names: []string{"demo-fence-config"}, gone: []string{"audit-g3auto", "demo-audit-g3auto", "default-fence-creds"},
			local: []string{"audit-dbcreds", "audit-g3auto", "fence-dbcreds", "indexd-dbcreds", "wts-dbcreds"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			signIn := values(t, byKey)
			if c.signIn != "" {
				signIn = values(t, c.signIn)
			}
			got, err := Make(chart, values(t, c.files), signIn, c.wish, render.Options{Release: "gen3", Namespace: "gen3"})
			if len(c.refused) > 0 {
				for _, part := range c.refused {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("want %q in: %v", part, err)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !within(values(t, c.adds), got.Values) {
				t.Errorf("%v lacks %s", got.Values, c.adds)
			}
			names := Names(got.After)
			for _, name := range c.names {
				if !slices.Contains(names, name) {
					t.Errorf("%s is not read: %v", name, names)
				}
			}
			for _, name := range c.gone {
				if slices.Contains(names, name) {
					t.Errorf("%s is read", name)
				}
			}
			if !slices.Equal(got.Local, c.local) {
				t.Errorf("local %v", got.Local)
			}
			for _, part := range c.warnings {
				if !slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.Contains(w, part) }) {
					t.Errorf("want %q in %v", part, got.Warnings)
				}
			}
			if len(c.warnings) == 0 && len(got.Warnings) > 0 {
				t.Errorf("warnings %q", got.Warnings)
			}
		})
	}
}

// within reports whether all of a tree is in another.
func within(a, b map[string]any) bool {
	for k, v := range a {
		if m, ok := v.(map[string]any); ok {
			below, _ := b[k].(map[string]any)
			if !within(m, below) {
				return false
			}
			continue
		}
		if b[k] != v {
			return false
		}
	}
	return true
}
