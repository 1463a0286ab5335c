package acceptance

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// storedRelease is the first revision of a Helm release as Helm stores it: https://helm.sh/docs/topics/advanced/#storage-backends
func storedRelease(name, status string, body []byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:   "sh.helm.release.v1." + name + ".v1",
			Labels: map[string]string{"owner": "helm", "name": name, "status": status, "version": "1"},
		},
		Type: "helm.sh/release.v1",
		Data: map[string][]byte{"release": body},
	}
}

// packed is a release's JSON as Helm packs it.
func packed(t *testing.T, parts ...[]byte) []byte {
	t.Helper()
	var all bytes.Buffer
	for _, part := range parts {
		w, err := gzip.NewWriterLevel(&all, gzip.BestCompression)
		check(t, "pack", err)
		_, err = w.Write(part)
		check(t, "pack", err)
		check(t, "pack", w.Close())
	}
	return []byte(base64.StdEncoding.EncodeToString(all.Bytes()))
}

// releaseBody is the JSON of a release.
func releaseBody(t *testing.T, namespace, name, chart, version, manifest string, hooks ...any) []byte {
	t.Helper()
	on := map[string]any{"enabled": true}
	config := map[string]any{"global": map[string]any{"aws": map[string]any{"useLocalSecret": on}, "crossplane": on}} // what up warns of
	return []byte(asJSON(t, map[string]any{
		"name": name, "namespace": namespace, "version": 1, "manifest": manifest, "hooks": hooks, "config": config,
		"info": map[string]any{"status": "deployed", "first_deployed": "2025-01-01T00:00:00Z", "last_deployed": "2025-01-01T00:00:00Z", "description": hostile, "notes": hostile},
		"chart": map[string]any{
			"metadata": map[string]any{"name": chart, "version": version, "appVersion": version, "apiVersion": "v2"},
			"lock":     nil, "templates": []any{}, "values": map[string]any{}, "schema": nil, "files": []any{},
		},
	}))
}

// unfolding is a release of a megabyte at most whose notes have 700. Packers may append one stream to another, so that
// ten megabytes are packed once.
func unfolding(t *testing.T, namespace, name, chart string) []byte {
	t.Helper()
	body := string(releaseBody(t, namespace, name, chart, "0.3.86", ""))
	at := strings.LastIndex(body, `"notes":"`) + len(`"notes":"`)
	pack := func(text string) []byte {
		raw, err := base64.StdEncoding.DecodeString(string(packed(t, []byte(text))))
		check(t, "unpack", err)
		return raw
	}
	notes := pack(strings.Repeat("a", 10<<20))
	var all bytes.Buffer
	all.Write(pack(body[:at]))
	for range 70 {
		all.Write(notes)
	}
	all.Write(pack(body[at:]))
	stored := []byte(base64.StdEncoding.EncodeToString(all.Bytes()))
	if len(stored) > 1000<<10 {
		t.Fatalf("the release takes %d bytes, and no Secret holds that", len(stored))
	}
	return stored
}

// laughs is YAML of a few hundred bytes that stands for gigabytes.
func laughs() string {
	var b strings.Builder
	b.WriteString("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := range 12 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return b.String()
}

// TestForgedGen3Release is a table of what a tenant stores as the release of the gen3 chart, which status, plan and
// values read.
func TestForgedGen3Release(t *testing.T) {
	t.Parallel()
	uses := "apiVersion: external-secrets.io/v1alpha1\nkind: ExternalSecret\n" // which is not served, and told
	for name, forge := range map[string]func(t *testing.T, namespace string) *corev1.Secret{
		"hostile names": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, releaseBody(t, hostile, hostile, "gen3", "0.3.60", uses)))
		},
		"hostile version": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, releaseBody(t, namespace, "gen3", "gen3", "0.3.60"+hostile, uses)))
		},
		"hostile build": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, releaseBody(t, namespace, "gen3", "gen3", "0.3.60+"+strings.Repeat("x", 5000), uses)))
		},
		"hostile API version": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, releaseBody(t, namespace, "gen3", "gen3", "0.3.60", strings.ReplaceAll(uses, "v1alpha1", hostile))))
		},
		"a version that is none": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, releaseBody(t, namespace, "gen3", "gen3", "latest", uses)))
		},
		"a billion laughs": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, releaseBody(t, namespace, "gen3", "gen3", "0.3.60", laughs())))
		},
		"unfolds to 700 MB": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("gen3", "deployed", unfolding(t, namespace, "gen3", "gen3"))
		},
		"another chart's unfolds to 700 MB": func(t *testing.T, namespace string) *corev1.Secret {
			return storedRelease("other", "deployed", unfolding(t, namespace, "other", "other"))
		},
		"not packed": func(*testing.T, string) *corev1.Secret {
			return storedRelease("gen3", "deployed", []byte(hostile))
		},
		"cut off": func(t *testing.T, namespace string) *corev1.Secret {
			body := packed(t, releaseBody(t, namespace, "gen3", "gen3", "0.3.60", uses))
			return storedRelease("gen3", "deployed", body[:len(body)/2&^3])
		},
		"null": func(t *testing.T, _ string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, []byte("null")))
		},
		"too deep": func(t *testing.T, _ string) *corev1.Secret {
			return storedRelease("gen3", "deployed", packed(t, []byte(strings.Repeat(`{"chart":`, 1_000_000))))
		},
		"no revision": func(t *testing.T, namespace string) *corev1.Secret {
			secret := storedRelease("gen3", "deployed", packed(t, releaseBody(t, namespace, "gen3", "gen3", "0.3.60", uses)))
			secret.Labels["version"] = "99999999999999999999"
			return secret
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttack(t, nil)
			secret := forge(t, a.namespace)
			code, text := a.suffer(t, func(t *testing.T, a *attack) {
				t.Helper()
				a.tenant.putSecret(t, secret.DeepCopy())
			})
			if code != 0 {
				t.Errorf("teardown ended with %d, although the gen3 release is none of its business:\n%s", code, text)
			}
			a.mustBeClean(t)
			if output := a.output.String(); strings.Contains(output, "--gen3-version") && strings.Contains(output, "is not a version") {
				t.Errorf("a flag that was not given is blamed:\n%s", tail(output))
			}
		})
	}
}
