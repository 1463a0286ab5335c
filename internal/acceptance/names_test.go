package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// binary runs the program in this world, and wants an exit code.
func (w *world) binary(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	p := w.command(t, args...)
	if got := w.run(t, p); got != code {
		t.Fatalf("%s: exit code %d\n%s%s", strings.Join(args, " "), got, p.stdout.String(), p.stderr.String())
	}
	return p.stdout.String(), p.stderr.String()
}

// reads are the names, of some, that the key in the world may read. A name that nobody has is not among them.
func (w *world) reads(t *testing.T, names ...string) []string {
	t.Helper()
	id := string(w.secret(t, bootstrap.ChartSecretName).Data["access-key"])
	sm := secretsmanager.New(secretsmanager.Options{
		BaseEndpoint: aws.String(w.aws.URL()), Region: region, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(id, w.aws.SecretOf(id), ""),
	})
	var out []string
	for _, name := range names {
		_, err := sm.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
		switch {
		case err == nil:
			out = append(out, name)
		case iamsetup.ErrorCode(err) != "AccessDeniedException":
			t.Errorf("read %s: %v", name, err)
		}
	}
	return out
}

// TestNamesFromValues: the key reads exactly what the deployment names, by the program as a whole.
func TestNamesFromValues(t *testing.T) {
	w := newWorld(t, anySandbox(t))
	chart := gen3test.Checkout(t, gen3test.New)
	mine := gen3test.Values(t, "values.yaml", "{global: {externalSecrets: {deploy: true}}, fence: {externalSecrets: {fenceConfig: fence-config}}}")
	renamed := gen3test.Values(t, "renamed.yaml", "{fence: {externalSecrets: {fenceConfig: fence-config-extra}}}")
	all := []string{"fence-config", "fence-config-extra", "fence-config-", "fence-confi", "fence-jwt-keys", "prod-fence-config", "indexd-service-creds"}
	for _, name := range all {
		if _, err := w.aws.AddSecret(region, name, "x", "", nil); err != nil {
			t.Fatal(err)
		}
	}
	names := func(files ...string) []string {
		args := []string{"--secret-names-from-values", "--gen3-chart", chart}
		for _, file := range files {
			args = append(args, "-f", file)
		}
		return args
	}

	// Nothing is written before the names are known, and what cannot be found out is said.
	w.aws.ResetCalls()
	_, said := w.binary(t, 1, "up", "--secret-names-from-values")
	if !strings.Contains(said, "needs the version of the gen3 chart") {
		t.Error(said)
	}
	_, said = w.binary(t, 1, append([]string{"up"}, names()...)...)
	if !strings.Contains(said, "it reads none with these values") || len(w.aws.Calls()) > 0 {
		t.Errorf("%s\n%v", said, w.aws.Calls())
	}

	if _, said = w.binary(t, 0, "plan", "-f", mine); !strings.Contains(said, "-f does nothing without --secret-names-from-values") {
		t.Error(said)
	}

	w.binary(t, 0, append([]string{"up"}, names(mine)...)...)
	want := []string{"fence-config", "fence-jwt-keys", "indexd-service-creds"}
	if got := w.reads(t, all...); !slices.Equal(got, want) {
		t.Errorf("the key reads %v, want %v", got, want)
	}
	w.binary(t, 0, append([]string{"plan", "--detailed-exitcode"}, names(mine)...)...)
	if out, _ := w.binary(t, 0, "status"); strings.Contains(out, "to be taken away") {
		t.Errorf("status takes the policy for another:\n%s", out)
	}

	// Seen as the operator, what nobody has is missing and not denied, and what the policy is not for is told as such.
	out, _ := w.binary(t, 0, append([]string{"secrets", "check", "--as-operator", "-o", "json"}, names(mine, renamed)[1:]...)...)
	for _, part := range []string{"may not read it: the policy is for 11 names that up found in values files, and for no other", "Secrets Manager has no secret audit-g3auto"} {
		if !strings.Contains(out, part) {
			t.Errorf("want %q in %s", part, out)
		}
	}
	if n := strings.Count(out, "may not read it"); n != 1 {
		t.Errorf("%d are denied, want one: %s", n, out)
	}

	// Other values: the plan says what the policy gains and loses.
	out, _ = w.binary(t, 2, append([]string{"plan", "--detailed-exitcode", "-o", "json"}, names(mine, renamed)...)...)
	var planned bootstrap.Result
	if err := json.Unmarshal([]byte(out), &planned); err != nil {
		t.Fatal(err)
	}
	drift := ""
	for _, c := range planned.Changes {
		if c.Step == "iam-policy" {
			drift = fmt.Sprint(c.Fields)
		}
	}
	for _, part := range []string{"arn:aws:secretsmanager:us-east-1:123456789012:secret:fence-config-??????", "secret:fence-config-extra-??????", plan.MarkWidens} {
		if !strings.Contains(drift, part) {
			t.Errorf("want %q in %q", part, drift)
		}
	}

	// An up that names nothing keeps the names, and what widens the policy is marked.
	before := w.aws.Snapshot()
	if out, said = w.binary(t, 0, "up"); !strings.Contains(out, "nothing to do") {
		t.Error(out, said)
	}
	for _, more := range [][]string{{"--secret-prefix", "fence-"}, {"--secret-names-from-values=false"}, {"--unset", "secret-names-from-values"}} {
		if out, _ = w.binary(t, 0, append([]string{"plan"}, more...)...); !strings.Contains(out, "(widens rights)") {
			t.Error(out)
		}
	}
	if after := w.aws.Snapshot(); !maps.Equal(before, after) {
		t.Error("a refused up wrote something")
	}

	// A rotation goes on with what was recorded, and so does a second up.
	w.binary(t, 0, "rotate", "--yes", "--grace", "0s")
	if got := w.reads(t, all...); !slices.Equal(got, want) {
		t.Errorf("after rotate the key reads %v", got)
	}
	w.binary(t, 0, append([]string{"up"}, names(mine, renamed)...)...)
	want = []string{"fence-config-extra", "fence-jwt-keys", "indexd-service-creds"}
	if got := w.reads(t, all...); !slices.Equal(got, want) {
		t.Errorf("the key reads %v, want %v", got, want)
	}
	w.binary(t, 0, "up", "--secret-names-from-values=false", "--secret-prefix", "prod-")
	if got := w.reads(t, all...); !slices.Equal(got, []string{"prod-fence-config"}) {
		t.Errorf("with a prefix the key reads %v", got)
	}
	w.binary(t, 0, append([]string{"up"}, names(mine)...)...)
	w.binary(t, 0, "teardown")
}

// TestNamesThatDoNotFit: IAM's limit is told before anything is written.
func TestNamesThatDoNotFit(t *testing.T) {
	w := newWorld(t, anySandbox(t))
	long := strings.Repeat("a-rather-long-beginning-", 20)
	var text strings.Builder
	text.WriteString("global: {externalSecrets: {deploy: true}}\n")
	for _, name := range []string{"audit", "fence", "indexd", "wts"} {
		text.WriteString(name + ": {externalSecrets: {dbcreds: " + long + name + ", fenceConfig: " + long + "c, fenceJwtKeys: " + long + "k, auditG3auto: " + long + "a, wtsG3auto: " + long + "w, serviceCreds: " + long + "s, fenceGoogleAppCredsSecret: " + long + "g}}\n")
	}
	text.WriteString("hatchery: {externalSecrets: {stataG3auto: " + long + "h}}\n")
	before := w.aws.Snapshot()
	_, said := w.binary(t, 1, "up", "--secret-names-from-values", "--gen3-chart", gen3test.Checkout(t, gen3test.New), "-f", gen3test.Values(t, "long.yaml", text.String()),
		"--tag", "a=b")
	if !strings.Contains(said, "IAM allows 6144") || !strings.Contains(said, "it is for 11 names of secrets") {
		t.Error(said)
	}
	if !maps.Equal(before, w.aws.Snapshot()) || len(w.aws.Writes()) > 0 {
		t.Errorf("it wrote %v", w.aws.Writes())
	}
}
