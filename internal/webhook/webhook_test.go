package webhook

import (
	"errors"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const calling = `Internal error occurred: failed calling webhook "validate.secretstore.external-secrets.io": failed to call webhook: Post "https://external-secrets-webhook.eso.svc:443/validate-external-secrets-io-v1-secretstore?timeout=5s": `
	for name, test := range map[string]struct {
		message string
		want    State
		service string
		cure    string // a part of the hint
	}{
		"accepted":             {"", Answers, "", ""},
		"denied by it":         {`admission webhook "validate.secretstore.external-secrets.io" denied the request: region not found`, Answers, "", ""},
		"denied by another":    {`admission webhook "validate.kyverno.svc" denied the request: no`, Unknown, "", ""},
		"another is away":      {`Internal error occurred: failed calling webhook "validate.kyverno.svc": failed to call webhook: EOF`, Unknown, "", ""},
		"may not":              {`secretstores.external-secrets.io is forbidden: User "a" cannot create resource "secretstores"`, Unknown, "", ""},
		"hangs":                {calling + "context deadline exceeded", Unreachable, "eso/external-secrets-webhook", "--set webhook.hostNetwork=true --set webhook.port=10252"},
		"refused":              {calling + "dial tcp 10.0.0.1:10250: connect: connection refused", Unreachable, "eso/external-secrets-webhook", "--account 1"},
		"CA of another":        {calling + "tls: failed to verify certificate: x509: certificate signed by unknown authority", Unreachable, "eso/external-secrets-webhook", "kubectl -n eso logs"},
		"kubelet answers":      {calling + "tls: failed to verify certificate: x509: certificate is valid for ip-10-0-0-1, not external-secrets-webhook.eso.svc", Unreachable, "eso/external-secrets-webhook", "kubelet"},
		"no pods":              {calling + `no endpoints available for service "external-secrets-webhook"`, Unreachable, "eso/external-secrets-webhook", "kubectl -n eso get pods"},
		"no Service":           {`failed calling webhook "validate.secretstore.external-secrets.io": failed to call webhook: service "external-secrets-webhook" not found`, Unreachable, "", "get pods"},
		"conversion":           {`conversion webhook for external-secrets.io/v1beta1, Kind=SecretStore failed: Post "https://w.n.svc:443/convert?timeout=30s": EOF`, Unreachable, "n/w", "hostNetwork"},
		"text that is not its": {"external-secrets.io", Unknown, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			if test.message != "" {
				err = errors.New(test.message)
			}
			got, _ := judge(err)
			if got.State != test.want || got.Service != test.service {
				t.Errorf("got %+v", got)
			}
			failure := got.Err(hint.Invocation{"--account", "1"})
			if (failure != nil) != (test.want == Unreachable) || !strings.Contains(hint.Of(failure), test.cure) {
				t.Errorf("error %v, hint %s", failure, hint.Of(failure))
			}
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if got := Version([]string{"v1beta1", "v1", "v1alpha1"}); got != "v1" {
		t.Error(got)
	}
}
