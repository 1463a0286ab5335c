package gen3

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) Object {
	t.Helper()
	content := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		t.Fatal(err)
	}
	return Object{Source: "x.yaml", Content: content}
}

// TestReaders has one row a way in which a Secret is read: secret, key, way, what breaks.
func TestReaders(t *testing.T) {
	t.Parallel()
	pod := func(kind, spec string) string {
		return "kind: " + kind + "\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: c, " + spec
	}
	for name, test := range map[string]struct {
		text string
		want [][]string
	}{
		"env":                {pod("Deployment", "env: [{valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}}}"), [][]string{{"s", "k", "env", "stops-pods"}}},
		"optional env":       {pod("Deployment", "env: [{valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}]}]}}}"), [][]string{{"s", "k", "env", "optional"}}},
		"envFrom of a job":   {pod("Job", "envFrom: [{secretRef: {name: s}}]}]}}}"), [][]string{{"s", "", "envFrom", "jobs-only"}}},
		"a whole volume":     {pod("StatefulSet", "volumeMounts: [{name: v}]}], volumes: [{name: v, secret: {secretName: s}}]}}}"), [][]string{{"s", "", "volume", "stops-pods"}}},
		"items":              {pod("Deployment", "volumeMounts: [{name: v}]}], volumes: [{name: v, secret: {secretName: s, items: [{key: k, path: p}]}}]}}}"), [][]string{{"s", "k", "volume", "stops-pods"}}},
		"subPath":            {pod("Deployment", "volumeMounts: [{name: v, subPath: k}]}], volumes: [{name: v, secret: {secretName: s}}]}}}"), [][]string{{"s", "k", "subPath", "stops-pods"}}},
		"subPath of an item": {pod("Deployment", "volumeMounts: [{name: v, subPath: p}]}], volumes: [{name: v, secret: {secretName: s, items: [{key: k, path: p}]}}]}}}"), [][]string{{"s", "k", "subPath", "stops-pods"}}},
		"projected":          {pod("Deployment", "volumeMounts: [{name: v}]}], volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]}}}"), [][]string{{"s", "", "volume", "stops-pods"}}},
		"not mounted":        {pod("Deployment", "}], volumes: [{name: v, secret: {secretName: s}}]}}}"), [][]string{{"s", "", "volume", "stops-pods"}}},
		"CronJob":            {"kind: CronJob\nmetadata: {name: x}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{env: [{valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}}}}}", [][]string{{"s", "k", "env", "jobs-only"}}},
		"text":               {"kind: ConfigMap\nmetadata: {name: x}\ndata: {json: '[{\"g3auto-name\": \"s\", \"g3auto-key\": \"k\"}]', env: \"{not json\", other: plain}", [][]string{{"s", "k", "text", "at-use"}}},
		"secret in text":     {"kind: ConfigMap\nmetadata: {name: x}\ndata: {json: '{\"volumes\": [{\"secret\": {\"secretName\": \"s\"}}]}'}", [][]string{{"s", "", "text", "at-use"}}},
		"store":              {"apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: x}\nspec: {provider: {aws: {auth: {secretRef: {accessKeyIDSecretRef: {name: s, key: k}}}}}}", [][]string{{"s", "k", "store", "stops-pods"}}},
		"nonsense":           {"kind: Deployment\nmetadata: 3\nspec: {template: {spec: {containers: x, volumes: {a: b}}}}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got [][]string
			for _, r := range Take([]Object{object(t, test.text)}).Readers {
				got = append(got, []string{r.Secret, r.Key, string(r.Via), r.Severity().String()})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWriters(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []Writer
	}{
		"helm":                  {"kind: Secret\nmetadata: {name: s}\ndata: {a: eA==, b: ''}\nstringData: {c: x}", []Writer{{Secret: "s", Kind: ByHelm, By: "Secret s", Source: "x.yaml", Keys: []string{"a", "b", "c"}, Empty: []string{"b"}}}},
		"operator":              {"apiVersion: external-secrets.io/v1beta1\nkind: ExternalSecret\nmetadata: {name: e}\nspec: {target: {name: s}, data: [{secretKey: k, remoteRef: {key: r}}]}", []Writer{{Secret: "s", Kind: ByOperator, By: "ExternalSecret e", Source: "x.yaml", Keys: []string{"k"}}}},
		"merged into another's": {"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\nspec: {target: {name: s, creationPolicy: Merge}}", nil},
		"cert-manager":          {"kind: Certificate\nmetadata: {name: c}\nspec: {secretName: s}", []Writer{{Secret: "s", Kind: ByCertManager, By: "Certificate c", Source: "x.yaml", Keys: []string{"tls.crt", "tls.key", "ca.crt"}}}},
		"job":                   {"kind: Job\nmetadata: {name: j}\nspec: {template: {spec: {containers: [{args: [\"kubectl patch secret/s -p '{dbcreated}'; kubectl create secret generic $NAME\"]}]}}}", []Writer{{Secret: "s", Kind: ByJob, By: "Job j", Source: "x.yaml", Keys: []string{"dbcreated"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, Take([]Object{object(t, test.text)}).Writers); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestContradiction(t *testing.T) {
	t.Parallel()
	read := func(name, spec string) Object {
		return object(t, "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: "+name+"}\nspec: {"+spec+"}")
	}
	got := Take([]Object{
		read("a", "data: [{secretKey: k.yaml, remoteRef: {key: r}}]"), read("b", "dataFrom: [{extract: {key: r}}]"),
		read("c", "dataFrom: [{find: {name: {regexp: x}}}]"), read("d", "target: {template: {data: {out: '{{ .user }}:{{ .password }}'}}}, dataFrom: [{extract: {key: t}}]"),
	})
	if len(got.Requirements) != 2 || !got.Requirements[0].Contradicts() || len(got.Unjudged) != 1 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"password", "user"}, got.Requirements[1].Keys); diff != "" {
		t.Error(diff)
	}
}
