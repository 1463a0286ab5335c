package helmvalues_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
)

func TestCompareHidesWhatMayBeSecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	values := func(secret string) map[string]any {
		return map[string]any{
			"replicas": 2, "installCRDs": true, "password": secret, "image": map[string]any{"tag": "v1"}, "imagePullSecrets": []any{map[string]any{"name": secret}},
			"extraEnv": []any{map[string]any{"name": "AWS_SECRET_ACCESS_KEY", "value": secret}, map[string]any{"name": "LEVEL", "value": "debug"}},
			"proxy":    "http://me:" + secret + "@proxy", "text": "a\n" + secret, "apiKey": secret, "authEnabled": true, "none": map[string]any{},
		}
	}
	was, is := helmvalues.Compare(values(secret), values(secret+"3"))
	if all := strings.Join(append(was, is...), "\n"); strings.Contains(all, secret) {
		t.Errorf("it is shown:\n%s", all)
	}
	want := []string{
		"apiKey: (hidden)", "authEnabled: true", "extraEnv[0].name: AWS_SECRET_ACCESS_KEY", "extraEnv[0].value: (hidden)", "extraEnv[1].name: LEVEL",
		"extraEnv[1].value: debug", "image.tag: v1", "imagePullSecrets[0].name: (hidden)", "installCRDs: true", "none: {}", "password: (hidden)", "proxy: (hidden)", "replicas: 2", "text: (hidden)",
	}
	if diff := cmp.Diff(want, was); diff != "" {
		t.Error(diff)
	}
	changed := 0
	for i := range is {
		if is[i] != was[i] {
			changed++
			if is[i] != was[i]+", another one" {
				t.Errorf("%q", is[i])
			}
		}
	}
	if changed != 6 {
		t.Errorf("%d lines differ:\n%s", changed, strings.Join(is, "\n"))
	}
}
