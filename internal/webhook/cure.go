package webhook

import (
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Err is nil unless the webhook cannot be reached. Its hint names the values that cure it; by is for the command.
func (a Answer) Err(by hint.Invocation) error {
	if a.State != Unreachable {
		return nil
	}
	return hint.With(fmt.Errorf("the API server cannot ask %s, so that no SecretStore or ExternalSecret can be written: %s", a.Webhook, a.Cause),
		a.cures(by)...)
}

// Warning is Err in one text, for who only looks; "" where the webhook can be reached. What cures a release that is somebody else's is not
// up's to do.
func (a Answer) Warning(by hint.Invocation, ours bool) string {
	err := a.Err(by)
	switch {
	case err == nil:
		return ""
	case ours:
		return err.Error() + "; " + strings.Join(hint.Lines(err), "; ")
	}
	return err.Error() + "; who keeps the operator can cure it, where the network is in the way with the chart's values webhook.hostNetwork=true and webhook.port=10252"
}

// cures go by what stands in the way: the certificate, the Service, or the network between control plane and pods.
func (a Answer) cures(by hint.Invocation) []string {
	network := []string{
		"where the control plane cannot reach pods (custom CNI): `" + by.Command("up", "--set", "webhook.hostNetwork=true", "--set", "webhook.port=10252") +
			"` and the other flags of up; the nodes' security group must let the control plane in on that port",
		"on Fargate, where the kubelet has port 10250: `" + by.Command("up", "--set", "webhook.port=9443") + "` and the other flags of up",
	}
	switch {
	case strings.Contains(a.Cause, "x509: certificate is valid for"), strings.Contains(a.Cause, "doesn't contain any IP SANs"), strings.Contains(a.Cause, "not valid for any names"):
		return append([]string{"something else answers on that port, as its certificate is for another name: most often the kubelet, which has port 10250"}, network...)
	case strings.Contains(a.Cause, "x509:"), strings.Contains(a.Cause, "tls:"):
		return []string{
			"the API server does not trust the webhook's certificate: the operator's cert-controller puts its CA into ValidatingWebhookConfiguration " + configuration + ", and may have stopped or be undone by somebody (GitOps)",
			"see what it says: " + hint.Command("kubectl", "-n", a.namespace(), "logs", "-l", "app.kubernetes.io/name=external-secrets-cert-controller", "--tail", "20"),
		}
	case missing.MatchString(a.Cause), strings.Contains(a.Cause, "no endpoints available"):
		return []string{"nothing serves it: " + hint.Command("kubectl", "-n", a.namespace(), "get", "pods,services,endpointslices") + " shows what is there of the operator"}
	}
	if strings.Contains(a.Cause, "connection refused") {
		network = append([]string{"where no pod of it runs: " + hint.Command("kubectl", "-n", a.namespace(), "get", "deployments,pods") + " tells, and `kubectl scale` starts them"}, network...)
	}
	return network
}

func (a Answer) namespace() string {
	namespace, _, _ := strings.Cut(a.Service, "/")
	if namespace == "" {
		return "external-secrets"
	}
	return namespace
}
