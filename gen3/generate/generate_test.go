package generate_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/generate"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

const all = `
global:
  dev: false
  hostname: commons.example.org
  externalSecrets: {deploy: true}
  postgres: {master: {host: db.example.org}}
metadata: {enabled: true}
ssjdispatcher: {enabled: true}
`

func values(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// maker renders the umbrella as it is deployed, and as it makes its Secrets itself.
func maker(t *testing.T, text ...string) *generate.Maker {
	t.Helper()
	c, err := render.Load(t.Context(), nil, gen3test.Checkout(t, gen3test.New), "")
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]any{}
	for _, more := range text {
		given = helmvalues.Merge(given, values(t, more))
	}
	o := render.Options{Release: "gen3", Namespace: "commons"}
	deployed, err := c.Render(given, o)
	if err != nil {
		t.Fatal(err)
	}
	local, err := c.Render(helmvalues.Merge(given, values(t, "global: {externalSecrets: {deploy: false}}")), o)
	if err != nil {
		t.Fatal(err)
	}
	return generate.New(gen3.Take(deployed.Objects), local.Objects, "commons")
}

func byName(secrets []generate.Secret) map[string]generate.Secret {
	out := map[string]generate.Secret{}
	for _, s := range secrets {
		out[s.Name] = s
	}
	return out
}

func object(t *testing.T, text redact.String) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text.Reveal()), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestForms has the form of each secret, of a deployment from nothing.
func TestForms(t *testing.T) {
	t.Parallel()
	got := byName(maker(t, all).Plan(generate.Found{}))
	var states []string
	for _, name := range keys(got) {
		s := got[name]
		states = append(states, fmt.Sprintf("%s %s %s%v%v", name, s.State, s.Why, s.Fill, s.After))
	}
	want := []string{
		"audit-g3auto make [][]",
		"default-audit-creds make [][]",
		"default-fence-creds make [][]",
		"default-indexd-creds make [][]",
		"default-wts-creds make [][]",
		"fence-config make [OPENID_CONNECT][]",
		"fence-google-app-creds-secret make [][]",
		"fence-jwt-keys make [][]",
		"indexd-service-creds make [][]",
		"metadata-g3auto make [][]",
		"ssjdispatcher-creds make [SQS.url][indexd-service-creds metadata-g3auto]",
		"stata-workspace-gen3-license operator the chart itself makes nothing of stata.lic[][]",
		"wts-g3auto make [][]",
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	check := func(name, what string, ok bool) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %s", name, what)
		}
	}
	db := got["default-indexd-creds"].Properties
	for key, want := range map[string]string{"database": "indexd_gen3", "username": "indexd_gen3", "host": "db.example.org", "port": "5432", "dbcreated": "true"} {
		check("default-indexd-creds", key, db[key].Reveal() == want)
	}
	check("default-indexd-creds", "password", len(db["password"].Reveal()) == 20)
	config := map[string]any{}
	if err := yaml.Unmarshal([]byte(got["fence-config"].Text.Reveal()), &config); err != nil {
		t.Fatal(err)
	}
	check("fence-config", "BASE_URL", config["BASE_URL"] == "https://commons.example.org/user")
	raw, err := base64.URLEncoding.DecodeString(fmt.Sprint(config["ENCRYPTION_KEY"]))
	check("fence-config", "ENCRYPTION_KEY", err == nil && len(raw) == 32)
	check("fence-jwt-keys", "a key of 4096 bits", len(got["fence-jwt-keys"].Text.Reveal()) > 3100 && strings.HasPrefix(got["fence-jwt-keys"].Text.Reveal(), "-----BEGIN RSA PRIVATE KEY-----\n"))
	check("fence-google-app-creds-secret", "an empty object", got["fence-google-app-creds-secret"].Properties["fence_google_app_creds_secret.json"].Reveal() == "{}")
	creds := object(t, got["wts-g3auto"].Properties["appcreds.json"])
	check("wts-g3auto", "no client", creds["oidc_client_id"] == nil && creds["oidc_client_secret"] == nil)
	check("wts-g3auto", "external_oidc", cmp.Equal(creds["external_oidc"], []any{}))
	metadata := got["metadata-g3auto"].Properties
	login, err := base64.StdEncoding.DecodeString(metadata["base64Authz.txt"].Reveal())
	check("metadata-g3auto", "base64Authz.txt", err == nil && strings.HasPrefix(string(login), "gateway:") && len(login) == 40)
	check("metadata-g3auto", "metadata.env", metadata["metadata.env"].Reveal() == "DEBUG=0\nADMIN_LOGINS="+string(login)+"\n")
	check("metadata-g3auto", "dbcreds.json", metadata["dbcreds.json"].Reveal() == "{}")
	job := passwords(t, got["ssjdispatcher-creds"].Text)
	check("ssjdispatcher-creds", "indexd's password", job[0] == got["indexd-service-creds"].Properties["sheepdog"].Reveal())
	check("ssjdispatcher-creds", "metadata's password", "gateway:"+job[1] == string(login))
}

// passwords are those of the job for indexd and for the metadata service.
func passwords(t *testing.T, text redact.String) [2]string {
	t.Helper()
	var file struct {
		Jobs []struct {
			ImageConfig struct {
				Password        string `json:"password"`
				MetadataService struct {
					Password string `json:"password"`
				} `json:"metadataService"`
			} `json:"imageConfig"`
		} `json:"JOBS"`
	}
	if err := json.Unmarshal([]byte(text.Reveal()), &file); err != nil || len(file.Jobs) != 1 {
		t.Fatal(len(file.Jobs), err)
	}
	return [2]string{file.Jobs[0].ImageConfig.Password, file.Jobs[0].ImageConfig.MetadataService.Password}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func known(text string) generate.Stored {
	return generate.Stored{Value: content.Of(redact.New(text)), Known: true}
}

// TestWhatExists has a row for each thing that is there already, or that the values say: what becomes of a secret by it.
func TestWhatExists(t *testing.T) {
	t.Parallel()
	job := func(indexd, metadata string) string {
		return `{"JOBS":[{"imageConfig":{"username":"sheepdog","password":"` + indexd + `","metadataService":{"username":"gateway","password":"` + metadata + `"}}}]}`
	}
	login := base64.StdEncoding.EncodeToString([]byte("gateway:OldPassword2"))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048) // one of the operator's: to make one of 4096 bits takes long
	if err != nil {
		t.Fatal(err)
	}
	key := "fence: {jwtKey: " + strconv.Quote(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}))) + "}"
	for name, test := range map[string]struct {
		values string
		found  generate.Found
		want   map[string]string // state and reason
		check  func(t *testing.T, got map[string]generate.Secret) bool
	}{
		"a password that exists counts": {
			found: generate.Found{Stored: map[string]generate.Stored{
				"indexd-service-creds": known(`{"fence":"a","sheepdog":"OldPassword1"}`),
				"metadata-g3auto":      known(`{"metadata.env":"DEBUG=0\nADMIN_LOGINS=gateway:OldPassword2\n","base64Authz.txt":"` + login + `","dbcreds.json":"{}"}`),
			}},
			want: map[string]string{"indexd-service-creds": "exists ", "metadata-g3auto": "exists ", "ssjdispatcher-creds": "make "},
			check: func(t *testing.T, got map[string]generate.Secret) bool {
				t.Helper()
				s := got["ssjdispatcher-creds"]
				return passwords(t, s.Text) == [2]string{"OldPassword1", "OldPassword2"} && len(s.After) == 0 &&
					slices.Equal(s.Takes, []string{"indexd-service-creds", "metadata-g3auto"}) && strings.HasSuffix(s.From, "with a password of secret indexd-service-creds, metadata-g3auto")
			},
		},
		"also where who uses it is what exists": {
			found: generate.Found{Stored: map[string]generate.Stored{"ssjdispatcher-creds": known(job("OldPassword1", "OldPassword2"))}},
			want:  map[string]string{"indexd-service-creds": "make ", "metadata-g3auto": "make "},
			check: func(_ *testing.T, got map[string]generate.Secret) bool {
				m := got["metadata-g3auto"].Properties
				return got["indexd-service-creds"].Properties["sheepdog"].Reveal() == "OldPassword1" && m["base64Authz.txt"].Reveal() == login &&
					strings.Contains(m["metadata.env"].Reveal(), "ADMIN_LOGINS=gateway:OldPassword2\n") &&
					slices.Equal(got["indexd-service-creds"].Takes, []string{"ssjdispatcher-creds"}) && slices.Equal(got["metadata-g3auto"].Takes, []string{"ssjdispatcher-creds"})
			},
		},
		"a placeholder that exists does not": {
			found: generate.Found{Stored: map[string]generate.Stored{"ssjdispatcher-creds": known(job("replace_with_password", ""))}},
			want:  map[string]string{"indexd-service-creds": "make "},
			check: func(_ *testing.T, got map[string]generate.Secret) bool {
				return len(got["indexd-service-creds"].Properties["sheepdog"].Reveal()) == 20
			},
		},
		"a password that may not be read": {
			found: generate.Found{Stored: map[string]generate.Stored{"indexd-service-creds": {}}},
			want: map[string]string{
				"indexd-service-creds": "exists ",
				"ssjdispatcher-creds":  "blocked it takes the password of sheepdog from indexd-service-creds, which does not have it or may not be read",
			},
		},
		"a user that what exists does not have": {
			found: generate.Found{Stored: map[string]generate.Stored{"indexd-service-creds": known(`{"fence":"OldPassword1"}`)}},
			want: map[string]string{
				"ssjdispatcher-creds": "blocked it takes the password of sheepdog from indexd-service-creds, which does not have it or may not be read",
			},
		},
		"a password in the cluster": {
			found: generate.Found{Live: map[string]generate.Content{"indexd-service-creds": {"sheepdog": redact.New("OldPassword1")}}},
			want: map[string]string{
				"indexd-service-creds": "in-use Secret indexd-service-creds is in the cluster, and something may depend on what it holds",
				"ssjdispatcher-creds":  "make ",
			},
			check: func(t *testing.T, got map[string]generate.Secret) bool {
				t.Helper()
				return passwords(t, got["ssjdispatcher-creds"].Text)[0] == "OldPassword1"
			},
		},
		"a password that Helm is about to make": {
			values: "indexd: {externalSecrets: {createK8sServiceCredsSecret: true}}",
			want: map[string]string{
				"ssjdispatcher-creds": "blocked it takes the password of sheepdog from Secret indexd-service-creds, which Helm makes and which is not in the cluster yet",
			},
		},
		"a password of the operator's": {
			values: "ssjdispatcher: {jobPassword: ChosenPassword}",
			want:   map[string]string{"indexd-service-creds": "make ", "ssjdispatcher-creds": "make "},
			check: func(_ *testing.T, got map[string]generate.Secret) bool {
				return got["indexd-service-creds"].Properties["sheepdog"].Reveal() == "ChosenPassword"
			},
		},
		"the job has run": {
			found: generate.Found{Live: map[string]generate.Content{"audit-dbcreds": {"password": redact.New("x"), "dbcreated": redact.New("true\n")}}},
			want:  map[string]string{"default-audit-creds": "in-use Secret audit-dbcreds is in the cluster, and something may depend on what it holds"},
		},
		"an empty Secret": {
			found: generate.Found{Live: map[string]generate.Content{"audit-g3auto": {"audit-service-config.yaml": redact.New("")}}},
			want:  map[string]string{"audit-g3auto": "make "},
		},
		"no job makes the role": {
			values: "global: {postgres: {dbCreate: false}}",
			want:   map[string]string{"default-audit-creds": "operator no job makes the role that it is for: global.postgres.dbCreate is off"},
		},
		"a database in the cluster": {
			values: "global: {dev: true}",
			want:   map[string]string{"default-audit-creds": "blocked its database gen3-postgresql is in the cluster and goes with it (global.dev is on)"},
		},
		"no host": {
			values: "global: {postgres: {master: {host: " + generate.UnknownHost + "}}}\naudit: {postgres: {host: db2.example.org}}",
			want: map[string]string{
				"default-audit-creds": "make ",
				"default-fence-creds": "blocked the database's host is not known: no value for fence.postgres.host or global.postgres.master.host",
			},
		},
		"a password that breaks SQL": {
			values: `audit: {postgres: {password: "it's a secret"}}`,
			want: map[string]string{"default-audit-creds": "blocked its password has other characters than letters and digits, or fewer than 8: " +
				"they break the SQL of the job that makes the role, or the service's URL"},
		},
		"an encryption key of the operator's": {
			values: "fence: {FENCE_CONFIG: {ENCRYPTION_KEY: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}}",
			want:   map[string]string{"fence-config": "make "},
			check: func(_ *testing.T, got map[string]generate.Secret) bool {
				return strings.Contains(got["fence-config"].Text.Reveal(), "ENCRYPTION_KEY: MDEyMzQ1")
			},
		},
		"one that is none": {
			values: "fence: {FENCE_CONFIG: {ENCRYPTION_KEY: hunter2}, jwtKey: hunter2}\nwts: {encryptionKey: hunter2}",
			want: map[string]string{
				"fence-config":   "blocked ENCRYPTION_KEY is not the base64 of 32 bytes, so that fence does not start",
				"fence-jwt-keys": "blocked the key that the values give as jwt_private_key.pem is no RSA private key of 2048 bits or more, in PEM and unencrypted",
				"wts-g3auto":     "blocked encryption_key is not the base64 of 32 bytes, so that wts does not start",
			},
		},
		"what a running fence issues": {
			values: "wts: {externalSecrets: {createWtsOidcClientSecret: false}}",
			want:   map[string]string{"wts-oidc-client": "operator an OIDC client is issued by a running fence alone"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := maker(t, all, key, test.values)
			got := byName(m.Plan(test.found))
			for name, want := range test.want {
				if state := string(got[name].State) + " " + got[name].Why; state != want {
					t.Errorf("%s: %s, want %s", name, state, want)
				}
			}
			if test.check != nil && !test.check(t, got) {
				t.Error("a content is wrong")
			}
			for name, again := range byName(m.Plan(test.found)) {
				if !again.Text.Equal(got[name].Text) || !cmp.Equal(plain(again.Properties), plain(got[name].Properties)) {
					t.Errorf("%s: made anew", name)
				}
			}
		})
	}
}

func plain(c generate.Content) map[string]string {
	out := map[string]string{}
	for key, v := range c {
		out[key] = v.Reveal()
	}
	return out
}
