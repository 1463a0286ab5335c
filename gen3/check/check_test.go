package check

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

const key = `-----BEGIN PRIVATE KEY-----
bm90IGEga2V5
-----END PRIVATE KEY-----
`

// objects of a deployment: each ExternalSecret, and who reads its Secret.
func objects(t *testing.T, texts ...string) gen3.Inventory {
	t.Helper()
	var out []gen3.Object
	for _, text := range texts {
		o := map[string]any{}
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		out = append(out, gen3.Object{Source: "x.yaml", Content: o})
	}
	return gen3.Take(out)
}

func external(name, spec string) string {
	return "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: " + name + "}\nspec: {" + spec + "}"
}

func byEnvironment(kind, secret string, keys ...string) string {
	var env []string
	for _, key := range keys {
		env = append(env, fmt.Sprintf("{valueFrom: {secretKeyRef: {name: %s, key: %s}}}", secret, key))
	}
	return "kind: " + kind + "\nmetadata: {name: of-" + secret + "}\nspec: {template: {spec: {containers: [{env: [" + strings.Join(env, ", ") + "]}]}}}"
}

// What there is in a row: an ExternalSecret that reads secret r, and who reads the Secret that is made of it.

func file(key string) []string {
	return []string{external("s", "data: [{secretKey: "+key+", remoteRef: {key: r}}]"), byEnvironment("Deployment", "s", key)}
}

func optional(key string) []string {
	return append(file(key)[:1], strings.Replace(byEnvironment("Deployment", "s", key), "key: "+key, "key: "+key+", optional: true", 1))
}

func part(key string) []string {
	return []string{external("s", "data: [{secretKey: "+key+", remoteRef: {key: r, property: "+key+"}}]"), byEnvironment("Deployment", "s", key)}
}

func keys(kind string) []string {
	return []string{external("s", "dataFrom: [{extract: {key: r}}]"), byEnvironment(kind, "s", "username", "password", "host", "dbcreated")}
}

const creds = `{"username":"u","password":"%s","host":"%s","dbcreated":"true\n"}`

func base(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestJudge has a row for each state, and for what is none.
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		objects []string
		holds   string
		want    string // state, severity, at; a line each
	}{
		"yaml":                               {file("a.yaml"), "A: 1\nB: <not a placeholder> alone\n# REPLACEME", ""},
		"yaml with a key that is twice":      {file("a.yaml"), "A: 1\nA: 2", ""},
		"yaml written as JSON":               {file("a.yaml"), `{"A": 1}`, ""},
		"no mapping":                         {file("a.yaml"), "just words", "wrong-format stops-pods "},
		"no yaml":                            {file("a.yaml"), "A: [", "wrong-format stops-pods "},
		"json":                               {file("a.json"), "{}", ""},
		"no json":                            {file("a.json"), "{", "wrong-format stops-pods "},
		"a private key":                      {file("a.pem"), key, ""},
		"no private key":                     {file("a.pem"), strings.ReplaceAll(key, "PRIVATE", "PUBLIC"), "wrong-format stops-pods "},
		"a private key on one line":          {file("a.pem"), strings.ReplaceAll(key, "\n", `\n`), "wrong-format stops-pods "},
		"an encrypted key":                   {file("a.pem"), strings.ReplaceAll(key, "PRIVATE", "ENCRYPTED PRIVATE"), "wrong-format stops-pods "},
		"variables":                          {file("a.env"), "DEBUG=0\n\n# a\nexport X=y", ""},
		"no variables":                       {file("a.env"), "DEBUG: 0", "wrong-format stops-pods "},
		"a profile":                          {file("credentials"), "[default]\naws_access_key_id=a\naws_secret_access_key=b", ""},
		"no profile":                         {file("credentials"), "a:b", "wrong-format stops-pods "},
		"any text":                           {file("x"), "hunter2hunter2", ""},
		"empty":                              {file("x"), " \n", "empty stops-pods "},
		"wrapped":                            {file("a.yaml"), `{"a.yaml": "A: 1"}`, "wrapped stops-pods "},
		"wrapped under another name":         {file("a.pem"), `{"key": "` + strings.ReplaceAll(key, "\n", `\n`) + `"}`, "wrapped stops-pods "},
		"quoted":                             {file("a.pem"), `"` + strings.ReplaceAll(key, "\n", `\n`) + `"`, "double-encoded stops-pods "},
		"base64 of a key":                    {file("a.pem"), base(key), "base64 stops-pods "},
		"base64 in lines":                    {file("a.yaml"), base("A: 1234567")[:8] + "\n" + base("A: 1234567")[8:], "base64 stops-pods "},
		"base64 that is meant":               {file("base64Authz.txt"), base("gateway:hunter2hunter2"), ""},
		"base64 of bytes":                    {file("x"), base("\x00\xff\x80 and 12 more"), ""},
		"a placeholder in yaml":              {file("a.yaml"), "X: {ENCRYPTION_KEY: REPLACEME, 'a b': changeme}\nY: [<a host>]", "placeholder at-use "},
		"a placeholder in variables":         {file("a.env"), "X=change_me", "placeholder at-use "},
		"a placeholder":                      {file("x"), "<your token>\n", "placeholder at-use "},
		"a property":                         {part("a.json"), `{"a.json": "{}"}`, ""},
		"a property that is an object":       {part("a.json"), `{"a.json": {"x": 1}}`, ""},
		"a property at a path":               {part("a.b"), `{"a": {"b": "x"}}`, ""},
		"no property":                        {part("a.json"), `{"b.json": "{}"}`, "lacks-property stops-pods a.json"},
		"no property where one is near":      {part("creds.json"), `{"cred.json": "{}"}`, "lacks-property stops-pods creds.json"},
		"a property that is null":            {part("a.json"), `{"a.json": null}`, "empty stops-pods a.json"},
		"a property in the wrong form":       {part("a.json"), `{"a.json": "x"}`, "wrong-format stops-pods a.json"},
		"a property that is quoted again":    {part("a.json"), `{"a.json": "\"{\\\"x\\\": 1}\""}`, "double-encoded stops-pods a.json"},
		"a property of what is no JSON":      {part("x"), "words", "not-json stops-pods x"},
		"a property of a list":               {part("x"), `["x"]`, "not-an-object stops-pods x"},
		"unwrapped":                          {part("a.json"), `{"wts_base_url": "x"}`, "unwrapped stops-pods a.json"},
		"unwrapped yaml":                     {part("a.yaml"), "A: 1", "unwrapped stops-pods a.yaml"},
		"JSON in a string":                   {part("x"), `"{\"x\": \"y\"}"`, "double-encoded stops-pods x"},
		"JSON in base64":                     {part("x"), base(`{"x": "y"}`), "base64 stops-pods x"},
		"a user with a newline":              {part("username"), `{"username": "u\n"}`, "trailing-newline at-use username"},
		"all keys":                           {keys("Deployment"), fmt.Sprintf(creds, "hunter2", "db.example.org"), ""},
		"a key that is missing":              {keys("Deployment"), `{"user":"u","password":"p","host":"1.2.3.4","dbcreated":true}`, "lacks-key stops-pods username"},
		"a key that a job alone reads":       {keys("Job"), `{"username":"u","password":"p","host":"1.2.3.4"}`, "lacks-key jobs-only dbcreated"},
		"a key that is empty":                {keys("Deployment"), fmt.Sprintf(creds, "", "1.2.3.4"), "empty stops-pods password"},
		"no JSON":                            {keys("Deployment"), "username=u", "not-json stops-pods "},
		"no object":                          {keys("Deployment"), "[]", "not-an-object stops-pods "},
		"an object in a string":              {keys("Deployment"), `"{}"`, "double-encoded stops-pods "},
		"an object in base64":                {keys("Deployment"), base(fmt.Sprintf(creds, "p", "h")), "base64 stops-pods "},
		"one level down":                     {keys("Deployment"), `{"db": ` + fmt.Sprintf(creds, "p", "h") + `}`, "wrapped stops-pods db"},
		"a password with a newline":          {keys("Deployment"), fmt.Sprintf(creds, `p\n`, "1.2.3.4"), "trailing-newline at-use password"},
		"a password in base64":               {keys("Deployment"), fmt.Sprintf(creds, base("hunter2hunter2"), "1.2.3.4"), "base64 stops-pods password"},
		"a password for nothing":             {keys("Deployment"), fmt.Sprintf(creds, "REPLACEME", "1.2.3.4"), "placeholder at-use password"},
		"a password that has to be quoted":   {keys("Deployment"), fmt.Sprintf(creds, "p@ss", "1.2.3.4"), "breaks-url at-use password"},
		"a host in the cluster":              {keys("Deployment"), fmt.Sprintf(creds, "p", "gen3-postgresql"), "in-cluster-host at-use host"},
		"a host in a cluster, in full":       {keys("Job"), fmt.Sprintf(creds, "p", "db.gen3.svc.cluster.local"), "in-cluster-host jobs-only host"},
		"two shapes":                         {append(file("a.json"), external("t", "dataFrom: [{extract: {key: r}}]")), `{"x": "y"}`, "two-shapes stops-pods "},
		"nobody reads it":                    {file("a.json")[:1], "{", ""},
		"nobody reads what is not written":   {keys("Job")[:1], "{", "not-json sync-only "},
		"read as optional":                   {optional("a.json"), "{", "wrong-format at-use "},
		"empty, and optional":                {optional("a.json"), "", "empty optional "},
		"not written, and optional":          {append(part("x")[:1], optional("x")[1]), "{}", "lacks-property optional x"},
		"two read it, and one fails":         {append(part("x"), external("t", "data: [{secretKey: z, remoteRef: {key: r, property: z}}]"), byEnvironment("Job", "t", "z")), `{"x": "1"}`, "lacks-property jobs-only z"},
		"a key that another reference gives": {[]string{external("s", "dataFrom: [{extract: {key: r}}], data: [{secretKey: k, remoteRef: {key: other}}]"), byEnvironment("Deployment", "s", "k")}, "{}", ""},
		"a template":                         {[]string{external("s", "dataFrom: [{extract: {key: r}}], target: {template: {data: {url: 'x{{ .host }}'}}}"), byEnvironment("Deployment", "s", "url")}, "{}", "lacks-key stops-pods host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := objects(t, row.objects...)
			var got []string
			for _, q := range i.Requirements {
				if q.Name != "r" {
					continue
				}
				for _, f := range Judge(q, content.Of(redact.New(row.holds))) {
					got = append(got, fmt.Sprintf("%s %s %s", f.State, f.Severity, f.At))
					if f.Says == "" || f.Cure == "" || f.Name != "r" || (f.Severity != gen3.SyncOnly) != (len(f.By) > 0) {
						t.Errorf("%+v", f)
					}
					if strings.Contains(fmt.Sprintf("%+v", f), "hunter2") {
						t.Errorf("content is told: %+v", f)
					}
				}
			}
			if strings.Join(got, "\n") != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	i := objects(t, part("creds.json")...)
	got := Judge(i.Requirements[0], content.Of(redact.New(`{"cred.json": "{}"}`)))
	if len(got) != 1 || got[0].Near != "cred.json" || !strings.Contains(got[0].Says, "there is cred.json") {
		t.Errorf("%+v", got)
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	i := objects(t, append(keys("Job"), byEnvironment("Deployment", "s", "x"))...)
	if got := Absent(i.Requirements[0], Missing, "says", "cure"); got.Severity != gen3.StopsPods || len(got.By) != 5 || got.Secrets[0] != "s" {
		t.Errorf("%+v", got)
	}
}

const metadata = "data: [{secretKey: base64Authz.txt, remoteRef: {key: m, property: base64Authz.txt}}, {secretKey: metadata.env, remoteRef: {key: m, property: metadata.env}}]"

// TestAcross has a row for each way in which two secrets do not agree.
func TestAcross(t *testing.T) {
	t.Parallel()
	i := objects(t,
		external("metadata-g3auto", metadata), byEnvironment("Deployment", "metadata-g3auto", "base64Authz.txt", "metadata.env"),
		external("ssjdispatcher-creds", "data: [{secretKey: credentials.json, remoteRef: {key: j}}]"), byEnvironment("Deployment", "ssjdispatcher-creds", "credentials.json"),
		external("indexd-service-creds", "dataFrom: [{extract: {key: i}}]"), external("indexd-dbcreds", "dataFrom: [{extract: {key: d}}]"),
	)
	authz := func(login, env string) string {
		return fmt.Sprintf(`{"base64Authz.txt": "%s", "metadata.env": "%s"}`, base(login), env)
	}
	jobs := func(user, password string) string {
		return fmt.Sprintf(`{"SQS": {"url": "x"}, "JOBS": [{"imageConfig": {"url": "http://indexd-service/index", "username": "%s", "password": "%s", "metadataService": {"url": "http://revproxy-service/mds", "username": "fence", "password": "z"}}}]}`, user, password)
	}
	for name, row := range map[string]struct {
		m, j, i string
		want    string // of each finding: the secret, and words
	}{
		"all agree":                  {authz("gateway:pw", `A=b\nADMIN_LOGINS=gateway:pw`), jobs("ssj", "x"), `{"ssj": "x"}`, ""},
		"another login besides":      {authz("gateway:pw", "ADMIN_LOGINS=a:b,gateway:pw"), "", "", ""},
		"another password":           {authz("gateway:pw", "ADMIN_LOGINS=gateway:pq"), "", "", "m are not the same"},
		"quotes are encoded as well": {authz(`"gateway:pw"`, "ADMIN_LOGINS=gateway:pw"), "", "", "m without quotes"},
		"a newline is":               {authz("gateway:pw\n", "ADMIN_LOGINS=gateway:pw"), "", "", "m without a newline"},
		"nobody is let in":           {authz("gateway:pw", "A=b"), "", "", "m has no ADMIN_LOGINS"},
		"another job's password":     {"", jobs("ssj", "x"), `{"ssj": "y"}`, "j is not the one in secret i"},
		"no such user":               {"", jobs("ssj", "x"), `{"fence": "y"}`, "j does not have"},
		"no file to compare":         {"", "{", `{"fence": "y"}`, ""},
	} {
		contents := map[string]content.Value{"d": content.Of(redact.New(`{"host": "h"}`))}
		for name, text := range map[string]string{"m": row.m, "j": row.j, "i": row.i} {
			if text != "" {
				contents[name] = content.Of(redact.New(text))
			}
		}
		got := Across(i, contents)
		secret, words, _ := strings.Cut(row.want, " ")
		if len(got) != map[bool]int{true: 0, false: 1}[row.want == ""] {
			t.Errorf("%s: %+v", name, got)
		} else if row.want != "" && (got[0].Name != secret || !strings.Contains(got[0].Says, words) || got[0].State != Unequal || got[0].Severity != gen3.AtUse) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSynced(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		objects     []string
		holds, want string
		held        map[string]string
	}{
		"the file":           {file("a.yaml"), "A: 1", "", map[string]string{"a.yaml": "A: 1"}},
		"another file":       {file("a.yaml"), "A: 1", "a.yaml", map[string]string{"a.yaml": "A: 2"}},
		"the part":           {part("x"), `{"x": 1}`, "", map[string]string{"x": "1"}},
		"no part":            {part("x"), `{}`, "", map[string]string{"x": "1"}},
		"the keys":           {keys("Job"), `{"a": "b", "c": 1.50, "n": null, "o d": "x"}`, "", map[string]string{"a": "b", "c": "1.50", "n": "", "more": ""}},
		"a key less":         {keys("Job"), `{"a": "b"}`, "a", map[string]string{}},
		"no Secret":          {keys("Job"), `{"a": "b"}`, "", nil},
		"made by a template": {[]string{external("s", "dataFrom: [{extract: {key: r}}], target: {template: {data: {url: x}}}")}, `{"a": "b"}`, "", map[string]string{}},
	} {
		secrets := map[string]map[string]redact.String{}
		if row.held != nil {
			secrets["s"] = map[string]redact.String{}
			for key, text := range row.held {
				secrets["s"][key] = redact.New(text)
			}
		}
		got := Synced(objects(t, row.objects...).Requirements[0], content.Of(redact.New(row.holds)), secrets)
		if (len(got) == 0) != (row.want == "") || len(got) > 0 && (got[0].State != Unsynced || !strings.HasSuffix(got[0].Says, " in "+row.want)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
