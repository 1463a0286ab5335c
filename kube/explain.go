package kube

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/cause"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// Explain says why the API server was not asked, or did not judge what it was asked: the way to it, who the caller is to it,
// something else that answers in its place. ok is false for an answer about the thing itself, and for errors that are not the
// API server's. The message is the error's text with the cause in the place of the library's own words.
func (c *Client) Explain(err error) (out cause.Cause, message string, ok bool) {
	if c == nil {
		return cause.Cause{}, "", false
	}
	var plugin *pluginError
	var sent *url.Error
	var answer apierrors.APIStatus
	said := ""
	switch {
	case errors.As(err, &plugin):
		said, out = plugin.Error(), c.explainPlugin(plugin)
		if errors.As(err, &sent) {
			said = sent.Error()
		}
	case errors.As(err, &sent) && c.serves(sent.URL):
		said, out = sent.Error(), c.explainTransport(err)
		if _, after, found := strings.Cut(err.Error(), said); found {
			said += after // of former attempts
		}
	case strings.Contains(err.Error(), "serializer for text/html doesn't exist"): // client-go's words for a page; there is no type
		said, out = "serializer for text/html doesn't exist", c.notKubernetes(http.StatusOK)
	case errors.As(err, &answer):
		status := answer.Status()
		if e, isError := answer.(error); isError {
			said, out = e.Error(), c.explainAnswer(status)
		}
	}
	if out.Text == "" {
		return cause.Cause{}, "", false
	}
	out.Code = cmp.Or(out.Code, "cluster-not-reached")
	return out, redact.Words(strings.Replace(err.Error(), said, out.Text, 1)), true
}

// serves reports that a URL is one of the API server's.
func (c *Client) serves(text string) bool {
	one, err := url.Parse(text)
	if err != nil || c.Config == nil {
		return false
	}
	server, err := url.Parse(c.Config.Host)
	return err == nil && one.Host == server.Host
}

func (c *Client) explainPlugin(err *pluginError) cause.Cause {
	e := notSignedIn(err, c.Context)
	return cause.Cause{Code: "credential-command", Text: err.Error(), Cures: hint.Lines(e)}
}

func (c *Client) explainTransport(err error) cause.Cause {
	kind, text := cause.Transport(err)
	out := cause.Cause{Text: "the API server " + c.Server + " cannot be reached: " + text}
	private := "a cluster with a private endpoint answers in its own network only: check VPN, proxy and network"
	switch kind {
	case cause.Other:
		return c.explainOther(err, out.Text)
	case cause.NoName:
		out.Cures = []string{"a cluster that was deleted loses its name, and a private one has it in its own network only: check context " + c.Context + " and VPN", rewriteHint}
	case cause.Refused:
		out.Cures = []string{"check that the cluster runs, and that context " + c.Context + " is the right one: " + hint.Command("kubectl", "--context", c.Context, "version")}
	case cause.Proxy:
		out.Cures = []string{"check HTTPS_PROXY and NO_PROXY, and the proxy-url of the kubeconfig"}
	case cause.Untrusted:
		out.Cures = []string{"the kubeconfig's certificate authority is not this cluster's, such as when the cluster was made anew: " + rewriteHint, "or a proxy on the way answers with a certificate of its own"}
	case cause.WrongName, cause.OutOfDate:
		out.Cures = []string{"check the server's address in the kubeconfig, this machine's clock, and that no proxy answers in its place", rewriteHint}
	case cause.NotTLS:
		out.Cures = []string{"the server's address in the kubeconfig, context " + c.Context + ", is not that of an API server"}
	case cause.TLSRefused:
		out.Cures = []string{"the client certificate of context " + c.Context + " may have expired or be of another cluster: have the kubeconfig written anew"}
	case cause.NoRoute, cause.TimedOut, cause.Reset, cause.NameServer:
		out.Cures = []string{private}
	}
	return out
}

// explainOther is for what has no type: a token that is none, and a proxy that says in words of its own why it does not connect.
func (c *Client) explainOther(err error, text string) cause.Cause {
	last := err
	for inner := errors.Unwrap(last); inner != nil; inner = errors.Unwrap(last) {
		last = inner
	}
	server, parseErr := url.Parse(c.Config.Host)
	if strings.Contains(err.Error(), "invalid header field value") {
		return cause.Cause{Code: "unauthorized", Text: "the token of context " + c.Context + " is none: it has characters that no token has, such as a line break", Cures: []string{rewriteHint}}
	}
	if parseErr != nil || c.Config.Proxy == nil {
		return cause.Cause{}
	}
	if proxy, err := c.Config.Proxy(&http.Request{URL: server}); err != nil || proxy == nil {
		return cause.Cause{}
	}
	return cause.Cause{Text: text + "the proxy refuses to connect: " + printable.Line(last.Error()), Cures: []string{"check HTTPS_PROXY and NO_PROXY, and the proxy-url of the kubeconfig"}}
}

// explainAnswer judges answers that are not about what was asked.
func (c *Client) explainAnswer(status metav1.Status) cause.Cause {
	foreign := false
	if status.Details != nil {
		for _, x := range status.Details.Causes {
			foreign = foreign || x.Type == metav1.CauseTypeUnexpectedServerResponse
		}
	}
	message := printable.Line(status.Message)
	switch code := int(status.Code); {
	case code == http.StatusUnauthorized:
		return cause.Cause{Code: "unauthorized", Text: fmt.Sprintf("the API server %s does not know the credentials of context %s", c.Server, c.Context), Cures: []string{
			"sign in again; for EKS the AWS identity behind the context must have an access entry: `aws eks list-access-entries --cluster-name CLUSTER`",
			hint.Command("kubectl", "--context", c.Context, "auth", "whoami") + " asks the same",
		}}
	case code == http.StatusForbidden && strings.Contains(message, `"system:anonymous"`):
		return cause.Cause{Code: "unauthorized", Text: fmt.Sprintf("the API server %s was asked without credentials: context %s has none", c.Server, c.Context), Cures: []string{rewriteHint}}
	case foreign && code >= http.StatusInternalServerError:
		return cause.Cause{Text: fmt.Sprintf("something in front of the API server %s answers in its place: HTTP status %d %s", c.Server, code, http.StatusText(code)), Cures: []string{
			"check load balancer and proxy on the way, and whether the control plane is up",
		}}
	case foreign && (code == http.StatusForbidden || code == http.StatusProxyAuthRequired || code < http.StatusBadRequest):
		return c.notKubernetes(code)
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return cause.Cause{Text: fmt.Sprintf("the API server %s cannot answer now: HTTP status %d %s", c.Server, code, http.StatusText(code)), Cures: []string{"try again in a minute"}}
	case code == http.StatusInternalServerError && !strings.Contains(message, "webhook") && !strings.Contains(message, "admission"):
		return cause.Cause{Text: fmt.Sprintf("the API server %s failed: HTTP status %d %s", c.Server, code, http.StatusText(code)), Cures: []string{
			"try again in a minute; " + hint.Command("kubectl", "--context", c.Context, "get", "--raw", "/readyz?verbose") + " says how it is",
		}}
	}
	return cause.Cause{}
}

func (c *Client) notKubernetes(code int) cause.Cause {
	return cause.Cause{Text: fmt.Sprintf("what answers at %s is not a Kubernetes API server: HTTP status %d %s", c.Server, code, http.StatusText(code)), Cures: []string{
		"check the server's address in the kubeconfig, context " + c.Context + ", and that no proxy or sign-in page stands between",
	}}
}

// notAPIServer is for the first question, of which every API server knows the answer: a 404 without the API's form comes from
// another kind of server.
func (c *Client) notAPIServer(err error) error {
	if !apierrors.IsNotFound(err) || !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) {
		return err
	}
	return hint.With(fmt.Errorf("what answers at %s is not a Kubernetes API server: HTTP status 404", c.Server),
		"check the server's address in the kubeconfig, context "+c.Context)
}
