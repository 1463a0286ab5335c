package gen3

import (
	"slices"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
)

// TestNamesOf: what is pushed may be read as well, since the operator looks at it first.
func TestNamesOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values       string
		read, pushed []string // must be there
		absent       []string
		refused      string
	}{
		"nothing is read":        {values: "{}", refused: "it reads none with these values"},
		"what is read":           {values: "{global: {externalSecrets: {deploy: true}}}", read: []string{"fence-config", "default-fence-creds"}, absent: []string{"pelicanservice-g3auto"}},
		"a chart that is off":    {values: "{fence: {enabled: false}, global: {externalSecrets: {deploy: true}}}", read: []string{"audit-g3auto"}, absent: []string{"fence-config"}},
		"what is pushed":         {values: "{global: {dev: false, postgres: {master: {host: h}}, externalSecrets: {deploy: true, pushSecret: true}}}", read: []string{"default-fence-creds"}, pushed: []string{"default-fence-creds"}, absent: []string{"fence-dbcreds-bootstrap"}},
		"pushed, and not read":   {values: "{global: {dev: false, postgres: {master: {host: h}}, externalSecrets: {deploy: true, pushSecret: true, createLocalK8sSecret: true}}}", read: []string{"default-fence-creds"}, pushed: []string{"default-fence-creds"}},
		"an ARN in a name":       {values: "{fence: {externalSecrets: {fenceConfig: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:x'}}, global: {externalSecrets: {deploy: true}}}", refused: "is the name of none"},
		"a wildcard in a name":   {values: "{fence: {externalSecrets: {fenceConfig: 'fence*'}}, global: {externalSecrets: {deploy: true}}}", refused: `"fence*" is the name of none`},
		"a file that is no YAML": {values: "{audit: {broken: true}, global: {externalSecrets: {deploy: true}}}", refused: "audit/templates/broken.yaml: what comes out is no YAML"},
		"values that are short":  {values: "{global: {dev: false, externalSecrets: {deploy: true, pushSecret: true}}}", refused: "no value for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := NamesOf(t.Context(), Deployment{
				Values: []string{gen3test.Values(t, "v.yaml", c.values)}, Chart: gen3test.Checkout(t, gen3test.New), Options: render.Options{Release: "gen3", Namespace: "gen3"},
			})
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range c.read {
				if !slices.Contains(got.Read, name) {
					t.Errorf("%s is not read: %v", name, got.Read)
				}
			}
			for _, name := range c.absent {
				if slices.Contains(got.Read, name) {
					t.Errorf("%s is read", name)
				}
			}
			for _, name := range c.pushed {
				if !slices.Contains(got.Pushed, name) {
					t.Errorf("%s is not pushed: %v", name, got.Pushed)
				}
			}
			if len(c.pushed) == 0 && len(got.Pushed) > 0 || !slices.IsSorted(got.Read) || !slices.IsSorted(got.Pushed) {
				t.Errorf("%+v", got)
			}
		})
	}
}
