package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// TestBadInputIsRefused runs the binary with something wrong: it ends with 1, says what and what to do about it, writes
// nothing, shows no stack and does not hang.
func TestBadInputIsRefused(t *testing.T) {
	t.Parallel()
	notYAML := filepath.Join(t.TempDir(), "values.yaml")
	check(t, "write values", os.WriteFile(notYAML, []byte("a: [b\n c: }"), 0o600))
	tests := map[string]struct {
		args []string
		env  []string
		helm bool
		want []string
	}{
		"wrong account":           {args: []string{"--account", "210987654321"}, want: []string{"210987654321", "123456789012", "hint:"}},
		"unreachable cluster":     {env: []string{"KUBECONFIG=" + kubeconfigTo(t, "https://127.0.0.1:1")}, want: []string{"127.0.0.1:1", "hint:"}},
		"expired credentials":     {env: []string{"AWS_ACCESS_KEY_ID=ASIAEXPIREDEXAMPLE00", "AWS_SESSION_TOKEN=old"}, want: []string{"hint:"}},
		"no credentials":          {env: []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}, want: []string{"credentials", "hint:"}},
		"missing kubeconfig":      {args: []string{"--kubeconfig", "/nowhere/kubeconfig"}, want: []string{"/nowhere/kubeconfig", "hint:"}},
		"unknown context":         {args: []string{"--context", "nosuch"}, want: []string{"nosuch", "hint:"}},
		"bad region":              {args: []string{"--region", "mars"}, want: []string{"mars", "hint:"}},
		"region of China":         {args: []string{"--region", "cn-north-1"}, want: []string{"cn-north-1", "partition aws", "hint:"}},
		"missing namespace":       {args: []string{"-n", "nosuch"}, want: []string{"nosuch", "--create-namespace"}},
		"underscore in a name":    {args: []string{"--secret-name", "my_secret"}, want: []string{"my_secret", "my-secret"}},
		"upper case in a name":    {args: []string{"--secret-name", "MySecret"}, want: []string{"MySecret", "mysecret"}},
		"several at once":         {args: []string{"--secret-name", "A", "--region", "mars", "--account", "1"}, want: []string{`"A"`, "mars", `"1"`}},
		"values not YAML":         {args: []string{"--values", notYAML}, helm: true, want: []string{notYAML}},
		"no such values file":     {args: []string{"--values", "/nowhere/values.yaml"}, helm: true, want: []string{"/nowhere/values.yaml"}},
		"no such chart":           {args: []string{"--chart", "nosuch"}, helm: true, want: []string{"nosuch", "hint:"}},
		"no such chart version":   {args: []string{"--chart-version", "9.9.9"}, helm: true, want: []string{"9.9.9", "hint:"}},
		"unreachable repository":  {args: []string{"--chart-repo", "http://127.0.0.1:1"}, helm: true, want: []string{"127.0.0.1:1"}},
		"positional argument":     {args: []string{"prod"}, want: []string{"prod"}},
		"unknown flag":            {args: []string{"--acount", "1"}, want: []string{"acount", "--help"}},
		"wildcard in a prefix":    {args: []string{"--secret-prefix", "gen3/*"}, want: []string{"gen3/*"}},
		"unsound boundary":        {args: []string{"--permissions-boundary", "boundary"}, want: []string{"boundary", "hint:"}},
		"a tag that is reserved":  {args: []string{"--tag", "managed-by=me"}, want: []string{"managed-by"}},
		"a timeout of no sense":   {args: []string{"--timeout", "soon"}, want: []string{"soon"}},
		"account in letters only": {args: []string{"--account", "production"}, want: []string{"production", "hint:"}},
	}
	sb := anySandbox(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sb)
			w.settings.SkipHelm = !tt.helm
			p := w.command(t, "up")
			p.cmd.Args = append(p.cmd.Args, tt.args...)
			p.cmd.Env = append(p.cmd.Env, tt.env...)
			if code := w.run(t, p); code != 1 {
				t.Errorf("exit code %d", code)
			}
			said := p.stderr.String()
			for _, want := range tt.want {
				if !strings.Contains(said, want) {
					t.Errorf("stderr does not say %q:\n%s", want, said)
				}
			}
			if strings.Contains(said, "goroutine ") {
				t.Errorf("a stack trace:\n%s", said)
			}
			if len(w.aws.Writes()) > 0 || len(w.proxy.Writes()) > 0 {
				t.Errorf("it wrote: %v %v", w.aws.Writes(), w.proxy.Writes())
			}
		})
	}
}

// TestExpiredCredentialsSaySo is for credentials that were good once.
func TestExpiredCredentialsSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.aws.Fault(awsfake.Fault{Action: "GetCallerIdentity", Kind: awsfake.CustomError, Status: 403, Code: "ExpiredToken"})
	result, err := w.up(t.Context())
	if err == nil || !hasProblem(result, "expired") {
		t.Errorf("error %v:\n%s", err, problems(result))
	}
}

func kubeconfigTo(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := strings.ReplaceAll(`apiVersion: v1
kind: Config
clusters: [{name: gone, cluster: {server: SERVER}}]
users: [{name: gone, user: {token: none}}]
contexts: [{name: gone, context: {cluster: gone, user: gone}}]
current-context: gone
`, "SERVER", server)
	check(t, "write kubeconfig", os.WriteFile(path, []byte(text), 0o600))
	return path
}
