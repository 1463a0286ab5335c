package cli

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// parse runs a command line whose command does nothing, and returns what its flags were parsed into.
func parse(t *testing.T, env map[string]string, args ...string) (*inputs, error) {
	t.Helper()
	in := newInputs()
	getenv := func(name string) string { return env[name] }
	c := command{name: "up", groups: in.groups(), example: []string{""}, run: func(context.Context) error { return nil }}.prepared(getenv)
	p := Process{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Getenv: getenv}
	app := newApp(p)
	app.Commands = nil
	app.Commands = append(app.Commands, c.urfave())
	return in, app.RunContext(t.Context(), hoist(append([]string{program}, args...)))
}

func settings(t *testing.T, env map[string]string, args ...string) bootstrap.Settings {
	t.Helper()
	in, err := parse(t, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	return in.settings
}

func TestFlagsReachTheSettings(t *testing.T) {
	got := settings(t, nil, "up",
		"--account", "111122223333", "--region=us-east-1", "--profile", "p", "--kubeconfig", "k", "--context", "c", "-n", "gen3",
		"--create-namespace", "--timeout", "1m", "--lock-timeout", "2s", "-y", "--all",
		"--policy-name", "pn", "--user-name", "un", "--iam-path", "/x/", "--permissions-boundary", "pb", "--tag", "a=b,c", "--tag", "d=e",
		"--secret-prefix", "s,t", "--kms-key", "kk", "--allow-push", "--adopt",
		"--secret-name", "one", "--secret-name", " two ",
		"--use-global-user", "--global-user-secret", "gs", "--irsa", "--role-name", "rn", "--service-account", "sa",
		"--oidc-issuer", "https://i", "--create-oidc-provider",
		"--release", "r", "--release-namespace", "rns", "--chart", "ch", "--chart-repo", "cr", "--chart-version", "1.2.3",
		"--values", "v.yaml", "--set", "a={x,y}", "--no-wait", "--skip-helm", "--gen3-version", "0.3.85",
		"-f", "g.yaml", "-f", "h.yaml", "--secret-names-from-values=false", "--gen3-chart", "gc", "--release-name", "gr",
		"--lease-duration", "1s", "--mint-deadline", "2s", "--settle", "3s", "--poll-interval", "4ms")
	want := bootstrap.Settings{
		Account: "111122223333", Region: "us-east-1", Profile: "p", Kubeconfig: "k", Context: "c", Namespace: "gen3",
		CreateNamespace: true, Timeout: time.Minute, LockTimeout: 2 * time.Second, Yes: true, All: true,
		PolicyName: "pn", UserName: "un", IAMPath: "/x/", PermissionsBoundary: "pb", Tags: []string{"a=b,c", "d=e"},
		SecretPrefixes: []string{"s,t"}, KMSKeys: []string{"kk"}, AllowPush: true, Adopt: true,
		SecretNames:   []string{"one", " two "},
		UseGlobalUser: true, GlobalUserSecret: "gs", IRSA: true, RoleName: "rn", ServiceAccount: "sa",
		OIDCIssuer: "https://i", CreateOIDCProvider: true, SkipHelm: true, Gen3Version: "0.3.85",
		Gen3Values: []string{"g.yaml", "h.yaml"}, Gen3Chart: "gc", Gen3ReleaseName: "gr",
		Timing: bootstrap.Timing{Lease: time.Second, MintDeadline: 2 * time.Second, Settle: 3 * time.Second, Poll: 4 * time.Millisecond},
	}
	want.Helm.Release, want.Helm.Namespace, want.Helm.Chart, want.Helm.Repo, want.Helm.Version = "r", "rns", "ch", "cr", "1.2.3"
	want.Helm.Values, want.Helm.Set, want.Helm.NoWait = []string{"v.yaml"}, []string{"a={x,y}"}, true
	for flag := range bootstrap.StickyFlags() {
		if got.Given[flag] != "flag" {
			t.Errorf("--%s was given, and is not noted", flag)
		}
	}
	got.Given = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironment(t *testing.T) {
	env := map[string]string{
		"GEN3_BOOTSTRAP_ACCOUNT":     "111122223333",
		"GEN3_BOOTSTRAP_REGION":      "", // empty counts as absent
		"AWS_REGION":                 "",
		"AWS_DEFAULT_REGION":         "eu-west-1",
		"GEN3_BOOTSTRAP_POLICY_NAME": "",
		"GEN3_BOOTSTRAP_TIMEOUT":     "3m",
		"GEN3_BOOTSTRAP_IRSA":        "true",
		"GEN3_BOOTSTRAP_SET":         "a={x,y}\nb= c \n",
		"GEN3_BOOTSTRAP_TAG":         "from=environment",

		"GEN3_BOOTSTRAP_SECRET_NAMES_FROM_VALUES": "false",
	}
	got := settings(t, env, "up", "--timeout", "4m", "--tag", "from=flag")
	if got.Account != "111122223333" || got.Region != "eu-west-1" || got.PolicyName != "" || !got.IRSA || got.NamesFromValues || got.Given["secret-names-from-values"] != "environment" || got.Given["irsa"] != "environment" || got.Given["region"] != "" || got.Given["policy-name"] != "" {
		t.Errorf("%+v", got)
	}
	if got.Timeout != 4*time.Minute {
		t.Errorf("timeout %s: the command line wins", got.Timeout)
	}
	if diff := cmp.Diff([]string{"a={x,y}", "b= c "}, got.Helm.Set); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"from=flag"}, got.Tags); diff != "" {
		t.Error(diff)
	}
}

func TestConsentIsNeverReadFromTheEnvironment(t *testing.T) {
	env := map[string]string{"GEN3_BOOTSTRAP_YES": "true", "GEN3_BOOTSTRAP_ADOPT": "true"}
	if got := settings(t, env, "up"); got.Yes || got.Adopt {
		t.Errorf("yes %v, adopt %v", got.Yes, got.Adopt)
	}
}

func TestBadEnvironmentIsToldAllAtOnce(t *testing.T) {
	_, err := parse(t, map[string]string{"GEN3_BOOTSTRAP_TIMEOUT": "soon", "GEN3_BOOTSTRAP_IRSA": "maybe"}, "up")
	want := `invalid value "soon" for GEN3_BOOTSTRAP_TIMEOUT in the environment: must be a duration such as 90s, 10m or 1h30m
invalid value "maybe" for GEN3_BOOTSTRAP_IRSA in the environment: must be true or false`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestEveryFlagHasAUniqueName also covers short forms: urfave would panic at the second of two.
func TestEveryFlagHasAUniqueName(t *testing.T) {
	for _, c := range commands(Process{}) {
		seen := make(map[string]bool)
		for _, g := range c.groups {
			for _, o := range g.options {
				if seen[o.name] || o.short != "" && seen[o.short] {
					t.Errorf("%s: --%s twice", c.name, o.name)
				}
				seen[o.name], seen[o.short] = true, true
			}
		}
	}
}

// TestTargetFlagsAreTakenEverywhere holds the promise that one set of arguments does for all commands.
func TestTargetFlagsAreTakenEverywhere(t *testing.T) {
	for _, c := range commands(Process{}) {
		taken := make(map[string]bool)
		for _, g := range c.groups {
			for _, o := range g.options {
				taken[o.name] = true
			}
		}
		for _, name := range []string{
			"account", "region", "profile", "kubeconfig", "context", "namespace", "create-namespace",
			"timeout", "lock-timeout", "output", "no-color", "verbose", "quiet", "yes", "all",
		} {
			if !taken[name] {
				t.Errorf("%s does not take --%s", c.name, name)
			}
		}
	}
}
