package values

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// fragment is what the values for one gen3 release are made of.
type fragment struct {
	chart          gen3.Chart
	mode           string
	namespace      string // may be unknown
	region         string
	roleARN        string // with a role
	serviceAccount string // with a role
	secret         string // of the global user
	served         []string
}

// takesRole reports whether the SecretStore signs in with the role, and not with a key. It reads one field alone, so that
// it may be asked while others are being filled in.
func (f *fragment) takesRole() bool {
	return f.mode == bootstrap.ModeIRSA || f.mode == bootstrap.ModeIRSAAndGlobal
}

// check refuses what no values could bring about.
func (f fragment) check() error {
	if f.takesRole() && !f.chart.TakesRole() {
		return hint.With(fmt.Errorf("gen3 chart %s knows no role for its SecretStore", f.chart), "upgrade the gen3 chart to 0.1.36 or newer, better "+gen3.Newest)
	}
	if !f.takesRole() && !f.chart.TakesKeys() {
		return hint.With(fmt.Errorf("gen3 chart %s cannot sign in with an access key: from 0.1.69 to 0.2.140 the chart leaves the credentials out of its SecretStore, whatever its values say", f.chart),
			"run `gen3-bootstrap up --irsa` and take its values, or upgrade the gen3 chart to 0.2.141 or newer")
	}
	return nil
}

// values are the chart's values. What is off stands there as well, so that the fragment wins over what an earlier one
// switched on.
func (f fragment) values() map[string]any {
	account := map[string]any{"enabled": f.takesRole()}
	if f.takesRole() {
		account["name"], account["roleArn"] = f.serviceAccount, f.roleARN
	}
	aws := map[string]any{"region": f.region}
	if f.chart.TakesRole() {
		aws["secretStoreServiceAccount"] = account
	}
	external := map[string]any{"deploy": true}
	if version := f.chart.APIFor(f.served); version != "" {
		external["apiVersion"] = gen3.APIPrefix + version
	}
	return map[string]any{"global": map[string]any{"aws": aws, "externalSecrets": external}}
}

// text is the values as a file that helm -f takes. Whatever the names are, it holds the keys of values and no other: a
// comment is a line that cannot end early, and YAML quotes what is a value.
func (f fragment) text() (string, error) {
	for _, name := range []string{f.region, f.serviceAccount, f.roleARN} {
		if printable.Escape(name) != name { // YAML would write some of that raw
			return "", fmt.Errorf("write values: the name %q has characters that do not print", name)
		}
	}
	body, err := yaml.Marshal(f.values())
	if err != nil {
		return "", fmt.Errorf("marshal values: %w", err)
	}
	var out strings.Builder
	for _, line := range f.comments() {
		out.WriteString("# " + printable.Line(line) + "\n")
	}
	out.Write(body)
	return out.String(), nil
}

func (f fragment) comments() []string {
	out := []string{"Values for gen3 chart " + f.chart.String() + ", by gen3-bootstrap. They go after your own:", "  " + f.command()}
	if f.takesRole() {
		out = append(out, "The chart makes ServiceAccount "+f.serviceAccount+", whose tokens AWS changes for the role.")
	} else {
		out = append(out, "The chart's SecretStore reads the access key in Secret "+f.inNamespace(bootstrap.ChartSecretName)+".")
	}
	if f.mode == bootstrap.ModeGlobalUser || f.mode == bootstrap.ModeIRSAAndGlobal {
		out = append(out, "Fence usersync and the proxies mount <chart>-aws-config, such as fence-aws-config: copies of Secret "+f.inNamespace(f.secret)+".")
	}
	return append(out, "For databases' credentials that are made in the cluster and not read from AWS, add "+f.chart.LocalSecretsValue()+": true.")
}

func (f fragment) command() string {
	words := []string{"helm", "upgrade", "--install", "gen3", "gen3/gen3"}
	if f.namespace != "" {
		words = append(words, "-n", f.namespace)
	}
	return hint.Command(append(words, "--version", f.chart.String(), "-f", "YOURS.yaml", "-f", "THIS.yaml")...)
}

func (f *fragment) inNamespace(name string) string {
	if f.namespace == "" {
		return name
	}
	return f.namespace + "/" + name
}
