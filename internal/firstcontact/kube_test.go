package firstcontact

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// kubeconfig has one context, "prod", for a server. more are fields of its cluster, user those of its user.
func (h *home) kubeconfig(t *testing.T, server, more, user string) {
	t.Helper()
	h.write(t, ".kube/config", fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: prod
contexts: [{name: prod, context: {cluster: prod, user: me, namespace: gen3}}]
clusters: [{name: prod, cluster: {server: %q%s}}]
users: [{name: me, user: {%s}}]
`, server, more, user))
}

// plugin has the user sign in with a command.
func plugin(version, command, more string) string {
	return fmt.Sprintf(`exec: {apiVersion: client.authentication.k8s.io/%s, command: %s, interactiveMode: IfAvailable%s}`, version, command, more)
}

// token is what a plugin says that works.
const token = `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"abc"}}'`

const skipVerify = ", insecure-skip-tls-verify: true"

// serveOverTLS answers everything with a status: a client sends its credentials over TLS only.
func serveOverTLS(t *testing.T, status int) string {
	t.Helper()
	return newAuthority(t).serveTLS(t, "127.0.0.1", time.Now().Add(time.Hour), answer(status, "text/html", "<html>"))
}

// status is what an API server answers.
func status(code int, reason, message string) (int, string, string) {
	return code, "application/json", fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":%q}`, code, reason, message)
}

// at has the API server be at an address.
func at(url func(*testing.T) string) func(*testing.T, *home) {
	return func(t *testing.T, h *home) { t.Helper(); h.kubeconfig(t, url(t), "", "token: abc") }
}

func answering(code int, contentType, body string) func(*testing.T, *home) {
	return at(func(t *testing.T) string { t.Helper(); return serve(t, code, contentType, body) })
}

// TestClusterFails makes each thing fail that stands between a new user and the cluster. AWS answers well, in every case.
func TestClusterFails(t *testing.T) {
	t.Parallel()
	in, ago := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	unauthorized := answering(status(401, "Unauthorized", "Unauthorized"))
	tlsOf := func(name string, until time.Time, trusted bool) func(*testing.T, *home) {
		return func(t *testing.T, h *home) {
			t.Helper()
			ca := newAuthority(t)
			more := ""
			if trusted {
				more = ", certificate-authority-data: " + base64.StdEncoding.EncodeToString(ca.pem)
			}
			h.kubeconfig(t, ca.serveTLS(t, name, until, http.NotFoundHandler()), more, "token: abc")
		}
	}
	plugged := func(version, script, more string) func(*testing.T, *home) {
		return func(t *testing.T, h *home) {
			t.Helper()
			if script != "" {
				h.program(t, "get-token", script)
			}
			h.kubeconfig(t, serveOverTLS(t, 500), skipVerify, plugin(version, "get-token", more))
		}
	}
	for name, c := range map[string]contact{
		"no kubeconfig":                  {func(*testing.T, *home) {}, []string{"load kubeconfig: there is none, or it is empty", ".kube/config"}, []string{"aws eks update-kubeconfig"}},
		"empty kubeconfig":               {func(t *testing.T, h *home) { h.write(t, ".kube/config", "") }, []string{"there is none, or it is empty"}, []string{"--kubeconfig"}},
		"kubeconfig that is not there":   {func(_ *testing.T, h *home) { h.args = append(h.args, "--kubeconfig", "/nowhere/config") }, []string{"load kubeconfig", "/nowhere/config", "no such file"}, []string{"--kubeconfig"}},
		"kubeconfig that is none":        {func(t *testing.T, h *home) { h.write(t, ".kube/config", "{[") }, []string{"load kubeconfig: it is not one"}, []string{"update-kubeconfig"}},
		"kubeconfig that is a directory": {func(t *testing.T, h *home) { must(t, os.MkdirAll(filepath.Join(h.dir, ".kube/config"), 0o700)) }, []string{"load kubeconfig", "is a directory"}, nil},
		"no current context": {func(t *testing.T, h *home) {
			h.kubeconfig(t, "https://x", "", "token: a")
			h.write(t, ".kube/config", strings.Replace(h.read(t, ".kube/config"), "current-context: prod", "", 1))
		}, []string{"no current context"}, []string{"kubectl config use-context", "prod"}},
		"unknown context": {func(t *testing.T, h *home) {
			h.kubeconfig(t, "https://x", "", "token: a")
			h.args = append(h.args, "--context", "staging")
		}, []string{`context "staging" is not in`}, []string{"get-contexts"}},
		"certificate file that is gone": {func(t *testing.T, h *home) {
			h.kubeconfig(t, "https://x", "", "client-certificate: /nowhere/me.crt, client-key: /nowhere/me.key")
		}, []string{`context "prod"`, "/nowhere/me.crt"}, []string{"is gone"}},
		"authority file that is gone": {func(t *testing.T, h *home) {
			h.kubeconfig(t, "https://x", ", certificate-authority: /nowhere/ca.crt", "token: a")
		}, []string{`context "prod"`, "/nowhere/ca.crt"}, []string{"is gone"}},
		"sign-in that was taken out":   {func(t *testing.T, h *home) { h.kubeconfig(t, "https://x", "", "auth-provider: {name: gcp}") }, []string{`context "prod"`, "gcp"}, []string{"since 1.26", "gke-gcloud-auth-plugin"}},
		"plugin of long ago":           {plugged("v1alpha1", token, ""), []string{`client.authentication.k8s.io/v1alpha1`, "no current client"}, []string{"update-kubeconfig"}},
		"plugin that is not installed": {plugged("v1", "", ", installHint: get it from your team"), []string{`sign in to context "prod"`, "is not installed: get-token"}, []string{"PATH", "get it from your team"}},
		"aws that is not installed": {func(t *testing.T, h *home) {
			h.env = append(h.env, "PATH="+h.dir)
			h.kubeconfig(t, "https://x", "", plugin("v1", "aws", ", args: [eks, get-token]"))
		}, []string{"is not installed: aws eks get-token"}, []string{"install the aws command", "docs.aws.amazon.com"}},
		"plugin that fails":         {plugged("v1", "echo 'Error loading SSO Token: Token for corp does not exist' >&2; exit 255", ""), []string{"credential command of the kubeconfig failed", "exit status 255", "Token for corp does not exist"}, []string{"run it by hand: get-token"}},
		"plugin that says nonsense": {plugged("v1", "echo hello", ""), []string{"did not answer in JSON"}, []string{"run it by hand"}},
		"plugin that says nothing":  {plugged("v1", `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}'`, ""), []string{"without a token or certificate"}, []string{"run it by hand"}},
		"plugin of another version": {plugged("v1beta1", token, ""), []string{`answers as "client.authentication.k8s.io/v1"`}, nil},
		"plugin that needs a person": {func(t *testing.T, h *home) {
			h.program(t, "get-token", token)
			h.kubeconfig(t, "https://x", "", strings.Replace(plugin("v1", "get-token", ""), "IfAvailable", "Always", 1))
		}, []string{"it asks a person, and there is no terminal"}, []string{"run it by hand"}},
		"plugin that takes its time": {func(t *testing.T, h *home) {
			h.program(t, "get-token", "echo x >> $HOME/runs; sleep 1.5; "+token)
			h.kubeconfig(t, serveOverTLS(t, 502), skipVerify, plugin("v1", "get-token", ""))
		}, []string{"something in front of the API server", "502 Bad Gateway"}, []string{"load balancer"}},
		"plugin that leaves something running": {
			func(t *testing.T, h *home) {
				h.program(t, "get-token", "sleep 3 >/dev/null &\n"+token)
				h.kubeconfig(t, serveOverTLS(t, 502), skipVerify, plugin("v1", "get-token", ""))
			},
			[]string{"502 Bad Gateway"},
			nil,
		},
		"plugin with a secret in its command": {
			func(t *testing.T, h *home) {
				h.program(t, "get-token", "exit 1")
				h.kubeconfig(t, serveOverTLS(t, 502), skipVerify, plugin("v1", "get-token", ", args: [--oidc-client-secret="+awsfake.AdminSecret+"]"))
			},
			[]string{"exit status 1"},
			[]string{"run it by hand: get-token ", "--oidc-client-secret=(redacted)"},
		},
		"password in the server's address": {
			at(func(t *testing.T) string {
				return "https://me:" + url.QueryEscape(awsfake.AdminSecret) + "@" + closed(t)
			}),
			[]string{"cannot be reached: the connection is refused"},
			nil,
		},
		"token with a line break": {
			func(t *testing.T, h *home) { h.kubeconfig(t, serveOverTLS(t, 502), skipVerify, `token: "a\nb"`) },
			[]string{"the token of context prod is none"},
			[]string{"update-kubeconfig"},
		},
		"server that is too busy": {
			answering(status(429, "TooManyRequests", "slow down")),
			[]string{"cannot answer now", "429"},
			[]string{"in a minute"},
		},
		"server that fails": {
			answering(status(500, "InternalError", "etcd is gone")),
			[]string{"failed: HTTP status 500"},
			[]string{"/readyz"},
		},
		"proxy with words of its own": {
			func(t *testing.T, h *home) {
				h.kubeconfig(t, "https://api.example.org", ", proxy-url: http://"+saying(t, "HTTP/1.1 501 Unsupported method ('CONNECT')\r\n\r\n"), "token: abc")
			},
			[]string{"the proxy refuses to connect: Unsupported method ('CONNECT')"},
			[]string{"proxy-url"},
		},
		"credentials that are not known": {unauthorized, []string{"does not know the credentials of context prod"}, []string{"access entry", "kubectl --context prod auth whoami"}},
		"no credentials at all": {func(t *testing.T, h *home) {
			h.kubeconfig(t, serve(t, 403, "application/json", `{"kind":"Status","apiVersion":"v1","status":"Failure","code":403,"reason":"Forbidden","message":"namespaces \"kube-system\" is forbidden: User \"system:anonymous\" cannot get resource"}`), "", "")
		}, []string{"was asked without credentials"}, []string{"update-kubeconfig"}},
		"another kind of server":           {answering(404, "text/html", "<html>nginx</html>"), []string{"not a Kubernetes API server", "404"}, []string{"server's address", "prod"}},
		"page of the network's":            {answering(200, "text/html", "<html>Please sign in</html>"), []string{"not a Kubernetes API server"}, []string{"sign-in page"}},
		"page that refuses":                {answering(403, "text/html", "<html>Blocked</html>"), []string{"not a Kubernetes API server", "403"}, []string{"proxy"}},
		"gateway without a server":         {answering(503, "text/html", "<html>"), []string{"something in front", "503"}, []string{"control plane"}},
		"name that does not resolve":       {at(func(*testing.T) string { return "https://abc.gr7.nowhere.invalid" }), []string{"cannot be reached", "abc.gr7.nowhere.invalid"}, []string{"VPN"}},
		"nothing listens":                  {at(func(t *testing.T) string { return "https://" + closed(t) }), []string{"cannot be reached: the connection is refused"}, []string{"kubectl --context prod version"}},
		"nobody answers":                   {at(func(t *testing.T) string { return "https://" + silent(t) }), []string{"does not answer in time"}, []string{"VPN"}},
		"connection that is cut":           {at(func(t *testing.T) string { return "https://" + hangingUp(t) }), []string{"closed without an answer"}, []string{"VPN"}},
		"certificate of another authority": {tlsOf("127.0.0.1", in, false), []string{"certificate is not trusted here"}, []string{"made anew"}},
		"certificate for another name":     {tlsOf("example.org", in, true), []string{"not for the name 127.0.0.1"}, []string{"server's address"}},
		"certificate that is over":         {tlsOf("127.0.0.1", ago, true), []string{"has expired"}, []string{"clock"}},
		"no TLS": {at(func(t *testing.T) string {
			return strings.Replace(serve(t, 200, "text/plain", "x"), "http://", "https://", 1)
		}), []string{"does not speak TLS"}, []string{"not that of an API server"}},
		"proxy that refuses": {func(t *testing.T, h *home) {
			h.kubeconfig(t, "https://api.example.org", ", proxy-url: "+serve(t, 407, "text/plain", ""), "token: abc")
		}, []string{"proxy refuses to connect"}, []string{"proxy-url"}},
		"proxy that is not there": {func(t *testing.T, h *home) {
			h.kubeconfig(t, "https://api.example.org", ", proxy-url: http://"+closed(t), "token: abc")
		}, []string{"the proxy cannot be used"}, []string{"proxy-url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.keys()
			h.set("AWS_ENDPOINT_URL", awsfake.Start(t, awsfake.WithAccount("123456789012")).URL())
			c.setup(t, h)
			c.check(t, h, 1, "")
			if strings.Contains(name, "takes its time") && h.read(t, "runs") != "x\n" {
				t.Errorf("the plugin did not run once: %q", h.read(t, "runs"))
			}
		})
	}
}

func (h *home) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, name))
	must(t, err)
	return string(text)
}
