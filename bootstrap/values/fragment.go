package values

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/fragment"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// signing is what the values for one gen3 release are made of.
type signing struct {
	chart          gen3.Chart
	mode           string
	namespace      string // may be unknown
	region         string
	roleARN        string // with a role
	serviceAccount string // with a role
	secret         string // of the global user
	served         []string

	proved *fragment.Proved // nil: nothing was to be proved
	wish   fragment.Wish
	files  []string // the operator's
}

// takesRole reports whether the SecretStore signs in with the role, and not with a key. It reads one field alone, so that
// it may be asked while others are being filled in.
func (f *signing) takesRole() bool {
	return f.mode == bootstrap.ModeIRSA || f.mode == bootstrap.ModeIRSAAndGlobal
}

// check refuses what no values could bring about.
func (f signing) check() error {
	if f.takesRole() && !f.chart.TakesRole() {
		return hint.With(fmt.Errorf("gen3 chart %s knows no role for its SecretStore", f.chart), "upgrade the gen3 chart to 0.1.36 or newer, better "+gen3.Newest)
	}
	if !f.takesRole() && !f.chart.TakesKeys() {
		return hint.With(fmt.Errorf("gen3 chart %s cannot sign in with an access key: from 0.1.69 to 0.2.140 the chart leaves the credentials out of its SecretStore, whatever its values say", f.chart),
			"run `gen3-bootstrap up --irsa` and take its values, or upgrade the gen3 chart to 0.2.141 or newer")
	}
	return nil
}

// values are the chart's values.
func (f signing) values() map[string]any {
	if f.proved != nil {
		return f.proved.Values
	}
	return f.signIn(false)
}

// signIn are the values by which the SecretStore reads. What is off stands there as well, so that the fragment wins over what an earlier
// one switched on. A chart that stands alone has no default of its own for the API's version.
func (f signing) signIn(alone bool) map[string]any {
	account := map[string]any{"enabled": f.takesRole()}
	if f.takesRole() {
		account["name"], account["roleArn"] = f.serviceAccount, f.roleARN
	}
	aws := map[string]any{"region": f.region}
	if f.chart.TakesRole() {
		aws["secretStoreServiceAccount"] = account
	}
	external := map[string]any{"deploy": true}
	version := f.chart.APIFor(f.served)
	if alone {
		version = cmp.Or(version, f.chart.API())
	}
	if version != "" {
		external["apiVersion"] = gen3.APIPrefix + version
	}
	return map[string]any{"global": map[string]any{"aws": aws, "externalSecrets": external}}
}

// text is the values as a file that helm -f takes. Whatever the names are, it holds the keys of values and no other: a
// comment is a line that cannot end early, and YAML quotes what is a value.
func (f signing) text() (string, error) {
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

func (f signing) comments() []string {
	out := []string{"Values for gen3 chart " + f.chart.String() + ", by gen3-bootstrap. They go after your own:", "  " + f.command()}
	if f.takesRole() {
		out = append(out, "The chart makes ServiceAccount "+f.serviceAccount+", whose tokens AWS changes for the role.")
	} else if f.keySecretIsTheUsual() {
		out = append(out, "The chart's SecretStore reads the access key in Secret "+f.inNamespace(bootstrap.ChartSecretName)+".")
	}
	if f.mode == bootstrap.ModeGlobalUser || f.mode == bootstrap.ModeIRSAAndGlobal {
		out = append(out, "Fence usersync and the proxies mount <chart>-aws-config, such as fence-aws-config: copies of Secret "+f.inNamespace(f.secret)+".")
	}
	if f.proved != nil {
		return append(out, f.proofs()...)
	}
	return append(out, "For databases' credentials that are made in the cluster and not read from AWS, add "+f.chart.LocalSecretsValue()+": true.")
}

// keySecretIsTheUsual reports whether the SecretStore signs in with the Secret that the gen3 chart's own does.
func (f signing) keySecretIsTheUsual() bool {
	return f.proved == nil || slices.Equal(f.proved.KeySecrets, []string{bootstrap.ChartSecretName})
}

// proofs say what the fragment does beside signing in, as it was seen in a render.
func (f signing) proofs() []string {
	var out []string
	if n := len(f.proved.After.Requirements); n > 0 {
		out = append(out, "With these values over yours the chart reads "+words.Counted(n, "secret")+" of Secrets Manager.")
	}
	if prefix := f.wish.NamePrefix; prefix != "" && f.proved.AllBegin(prefix) {
		out = append(out, "All their names begin with "+prefix+": up --secret-prefix "+prefix+" has the operator read these alone.")
	}
	if len(f.proved.Local) > 0 {
		out = append(out, "The chart itself makes "+strings.Join(f.proved.Local, ", ")+".")
	}
	if len(f.proved.KeySecrets) > 0 && !f.keySecretIsTheUsual() {
		out = append(out, "Its SecretStores read the access key in "+strings.Join(f.proved.KeySecrets, ", ")+": give each to up with --secret-name.")
	}
	if f.proved.Pushes {
		out = append(out, "The operator writes to Secrets Manager: up --allow-push.")
	}
	return out
}

func (f signing) command() string {
	args := []string{"helm", "upgrade", "--install", "gen3", "gen3/gen3"}
	if sub := f.wish.Subchart; sub != "" {
		args = []string{"helm", "upgrade", "--install", sub, "gen3/" + sub}
	}
	if f.namespace != "" {
		args = append(args, "-n", f.namespace)
	}
	if f.wish.Subchart == "" { // a subchart has versions of its own
		args = append(args, "--version", f.chart.String())
	}
	files := f.files
	if len(files) == 0 {
		files = []string{"YOURS.yaml"}
	}
	for _, file := range append(slices.Clone(files), "THIS.yaml") {
		args = append(args, "-f", file)
	}
	return hint.Command(args...)
}

func (f *signing) inNamespace(name string) string {
	if f.namespace == "" {
		return name
	}
	return f.namespace + "/" + name
}
