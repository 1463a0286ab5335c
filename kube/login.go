package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientauth "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// client-go runs a credential plugin within each request that needs one: under the request's own limit, once for each request
// that fails, and with its words going to the process's stderr. A plugin may open a browser or ask for a code, so it is run
// here instead, once, before the first request, by the same contract
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).

// Terminal gives a program the terminal for as long as run takes: nothing is drawn over its prompts. stdin is nil where nobody
// is there to answer; what the program says on stderr is then only kept for the error.
type Terminal func(run func(stdin io.Reader, stderr io.Writer) error) error

// pluginError is why a credential plugin gave no credentials.
type pluginError struct {
	command  string // as it can be pasted
	installs string // what the kubeconfig says of how to install it
	said     string // the plugin's own words, or what was wrong with its answer
	err      error  // of the process; nil where its answer was wrong
}

// Error says which command failed, and with what words.
func (e *pluginError) Error() string {
	what := "the credential command of the kubeconfig"
	switch {
	case errors.Is(e.err, exec.ErrNotFound), errors.Is(e.err, os.ErrNotExist):
		return what + " is not installed: " + e.command
	case e.err != nil && e.said != "":
		return fmt.Sprintf("%s failed: %v: %s", what, e.err, e.said)
	case e.err != nil:
		return fmt.Sprintf("%s failed: %v", what, e.err)
	}
	return what + " " + e.said
}

// Unwrap leads to the error of the process.
func (e *pluginError) Unwrap() error { return e.err }

// login signs requests with what the plugin says. It is safe for concurrent use.
type login struct {
	exec     *api.ExecConfig
	cluster  json.RawMessage // for a plugin that wants to know it; nil: not wanted
	terminal Terminal
	limit    time.Duration
	now      func() time.Time

	mu      sync.Mutex
	token   redact.String
	cert    string // PEM, where the plugin gives one
	key     redact.String
	until   time.Time // zero: for good
	ran     bool
	failure error // a plugin that failed is not run again
}

// signIn runs the credential plugin of a configuration, if it has one, and takes the place of client-go's way to do so. A
// certificate that the plugin gives serves as long as the run; a token is renewed.
func signIn(ctx context.Context, config *rest.Config, t Target) (*login, error) {
	if config.ExecProvider == nil {
		return nil, nil
	}
	l := &login{exec: config.ExecProvider, terminal: t.Terminal, limit: t.Login, now: time.Now} //nolint:forbidigo // as client-go's own: what a token's end is compared with
	if l.exec.APIVersion != clientauth.SchemeGroupVersion.String() && l.exec.APIVersion != "client.authentication.k8s.io/v1beta1" {
		return nil, &pluginVersionError{l.exec.APIVersion}
	}
	if l.exec.ProvideClusterInfo {
		cluster, err := rest.ConfigToExecCluster(config)
		if err != nil {
			return nil, fmt.Errorf("describe the cluster to its credential command: %w", err)
		}
		if l.cluster, err = json.Marshal(clientauth.Cluster{
			Server: cluster.Server, TLSServerName: cluster.TLSServerName, InsecureSkipTLSVerify: cluster.InsecureSkipTLSVerify,
			CertificateAuthorityData: cluster.CertificateAuthorityData, ProxyURL: cluster.ProxyURL, DisableCompression: cluster.DisableCompression, Config: runtime.RawExtension{Object: cluster.Config},
		}); err != nil {
			return nil, fmt.Errorf("describe the cluster to its credential command: %w", err)
		}
	}
	config.ExecProvider = nil
	if err := l.refresh(ctx); err != nil {
		return nil, err
	}
	if l.cert != "" {
		config.CertData, config.KeyData = []byte(l.cert), []byte(l.key.Reveal())
	}
	return l, nil
}

// pluginVersionError: the kubeconfig was written for a kubectl of long ago, or of times to come.
type pluginVersionError struct{ version string }

// Error names the version.
func (e *pluginVersionError) Error() string {
	return fmt.Sprintf("its credential command speaks %q, which no current client does", e.version)
}

// signed is the way of a request.
type signed struct {
	login *login
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s.login.refresh(r.Context()); err != nil {
		return nil, err
	}
	s.login.mu.Lock()
	token := s.login.token
	s.login.mu.Unlock()
	if !token.IsZero() && r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	return s.next.RoundTrip(r)
}

// refresh runs the plugin where there is no token yet, or its time is over. The limit of one attempt of a request begins
// afterwards: signed is around transport.
func (l *login) refresh(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure != nil {
		return l.failure
	}
	if l.ran && (l.until.IsZero() || l.now().Before(l.until)) {
		return nil
	}
	status, err := l.run(ctx)
	if err != nil {
		if ctx.Err() == nil {
			l.failure = err
		}
		return err
	}
	l.ran, l.token, l.until = true, redact.New(status.Token), time.Time{}
	l.cert, l.key = status.ClientCertificateData, redact.New(status.ClientKeyData)
	if status.ExpirationTimestamp != nil {
		l.until = status.ExpirationTimestamp.Time
	}
	return nil
}

func (l *login) run(ctx context.Context) (*clientauth.ExecCredentialStatus, error) {
	var out bytes.Buffer
	words := &tail{}
	failed := &pluginError{command: l.command(), installs: l.exec.InstallHint}
	terminal := l.terminal
	if terminal == nil {
		terminal = func(run func(io.Reader, io.Writer) error) error { return run(nil, io.Discard) }
	}
	failed.err = terminal(func(stdin io.Reader, stderr io.Writer) error {
		interactive := stdin != nil && l.exec.InteractiveMode != api.NeverExecInteractiveMode
		if !interactive && l.exec.InteractiveMode == api.AlwaysExecInteractiveMode {
			return errors.New("it asks a person, and there is no terminal")
		}
		info, err := l.info(interactive)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeoutCause(ctx, l.limit, fmt.Errorf("it took longer than --timeout %s", l.limit))
		defer cancel()
		cmd := exec.CommandContext(limited, l.exec.Command, l.exec.Args...) //nolint:gosec // as the kubeconfig says, like kubectl
		cmd.Env = append(os.Environ(), "KUBERNETES_EXEC_INFO="+string(info))
		for _, e := range l.exec.Env {
			cmd.Env = append(cmd.Env, e.Name+"="+e.Value)
		}
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, io.MultiWriter(stderr, words), time.Second
		if interactive {
			cmd.Stdin = stdin
		}
		err = cmd.Run()
		switch {
		case errors.Is(err, exec.ErrWaitDelay): // it ended well, and left something running that holds its stderr
			return nil
		case err != nil && limited.Err() != nil:
			return context.Cause(limited)
		}
		return err
	})
	failed.said = printable.Line(strings.Join(strings.Fields(words.String()), " "))
	switch {
	case failed.err != nil && ctx.Err() != nil: // the run was ended
		return nil, context.Cause(ctx)
	case failed.err != nil:
		return nil, failed
	}
	var answer clientauth.ExecCredential
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil { // its text would quote the answer, which may hold a token
		failed.said = "did not answer in JSON"
		return nil, failed
	}
	switch s := answer.Status; {
	case answer.APIVersion != l.exec.APIVersion:
		failed.said = fmt.Sprintf("answers as %q, and the kubeconfig says %q", printable.Line(answer.APIVersion), l.exec.APIVersion)
	case s == nil || s.Token == "" && (s.ClientCertificateData == "" || s.ClientKeyData == ""):
		failed.said = "answered without a token or certificate"
	default:
		return s, nil
	}
	return nil, failed
}

// maxPluginWords is how many bytes of a plugin's last words an error repeats.
const maxPluginWords = 600

func (l *login) info(interactive bool) ([]byte, error) {
	spec := map[string]any{"interactive": interactive}
	if l.cluster != nil {
		spec["cluster"] = l.cluster
	}
	return json.Marshal(map[string]any{
		"kind": "ExecCredential", "apiVersion": l.exec.APIVersion, "spec": spec,
	})
}

func (l *login) command() string {
	return redact.Words(hint.Command(append([]string{l.exec.Command}, l.exec.Args...)...))
}

// tail keeps the last words of a program.
type tail struct{ strings.Builder }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if text := t.String() + string(p); len(text) > maxPluginWords {
		t.Reset()
		p = []byte(text[len(text)-maxPluginWords:])
	}
	t.Builder.Write(p)
	return n, nil
}
