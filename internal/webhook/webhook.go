// Package webhook asks whether the webhook of External Secrets Operator answers the API server, by a dry run of a SecretStore: it is
// judged as a real one and never stored. Pods that are ready prove nothing here, since it is the control plane that has to reach them.
package webhook

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/dynamic"

	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/refusal"
)

// State is what is known of the webhook.
type State string

// What can be known of it.
const (
	Answers     State = "answers"
	Unreachable State = "unreachable" // so that no SecretStore can be written
	None        State = "none"        // none is configured: nobody has to answer
	Unknown     State = "unknown"     // something else refused the dry run, or the caller may not make one
)

// Answer is what a dry run told.
type Answer struct {
	State   State
	Webhook string // the one that cannot be reached
	Cause   string // of Unreachable and Unknown, in the API server's words, fit for one line
	Service string // namespace/name of what serves the webhook, where the cause tells
}

const group = "external-secrets.io"

// configuration is what the chart calls it in every release.
const configuration = "secretstore-validate"

// Ask makes the dry run in a namespace that exists, in an API version that the cluster serves. An error means that the API server
// could not be asked.
func Ask(ctx context.Context, client dynamic.Interface, version, namespace string) (Answer, error) {
	_, err := client.Resource(storesIn(version)).Namespace(namespace).Create(ctx, store(version), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: "gen3-bootstrap"})
	answer, met := judge(err)
	switch {
	case !met && (!refusal.Answered(err) || apierrors.IsNotFound(err)): // a CRD that was just made is not served yet
		return Answer{}, fmt.Errorf("try to create a SecretStore in namespace %s: %w", namespace, err)
	case answer.State == Answers && (err == nil || pastWebhooks(err)):
		return configured(ctx, client)
	}
	return answer, nil
}

func storesIn(version string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: version, Resource: "secretstores"}
}

// store is one that the webhook has no reason to refuse. What signs in is left out, since no Secret is to be named.
func store(version string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/" + version, "kind": "SecretStore",
		"metadata": map[string]any{"generateName": "gen3-bootstrap-dry-run-"},
		"spec":     map[string]any{"provider": map[string]any{"aws": map[string]any{"service": "SecretsManager", "region": "us-east-1"}}},
	}}
}

var (
	denied    = regexp.MustCompile(`admission webhook "[^"]*\.external-secrets\.io" denied`)
	converted = regexp.MustCompile(`conversion webhook for (external-secrets\.io/[a-z0-9]+, Kind=SecretStore) failed`)
	service   = regexp.MustCompile(`https://([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc[:/]`)
	missing   = regexp.MustCompile(`service "([a-z0-9-]{1,63})" not found`)
)

// judge goes by the words of the API server, which has no codes for who was asked and did not answer (k8s.io/apiserver,
// pkg/admission/plugin/webhook). It has met no webhook where something else kept the store from being written.
func judge(err error) (answer Answer, met bool) {
	if err == nil {
		return Answer{State: Answers}, true
	}
	text := strings.ReplaceAll(err.Error(), `\"`, `"`)
	if denied.MatchString(text) || pastWebhooks(err) { // whoever says no has answered
		return Answer{State: Answers}, true
	}
	name, _ := refusal.UnansweredWebhook(text)
	if found := converted.FindStringSubmatch(text); found != nil {
		name = "conversion of " + found[1]
	}
	out := Answer{State: Unknown, Cause: printable.Line(text)}
	if name == "" || !operators(name) {
		return out, false
	}
	out.State, out.Webhook = Unreachable, name
	if found := service.FindStringSubmatch(text); found != nil {
		out.Service = found[2] + "/" + found[1]
	}
	return out, true
}

// pastWebhooks reports a refusal by quota, which the API server counts when all webhooks have answered.
func pastWebhooks(err error) bool {
	return apierrors.IsForbidden(err) && (strings.Contains(err.Error(), "exceeded quota: ") || strings.Contains(err.Error(), "failed quota: ") || strings.Contains(err.Error(), "status unknown for quota: "))
}

// operators reports whether a webhook is the operator's: another one that does not answer is told of, and is not the operator's fault.
func operators(name string) bool {
	return strings.HasSuffix(name, "."+group) || strings.HasPrefix(name, "conversion of "+group)
}

// configured tells an accepted store that was judged from one that nobody judges. Where configurations may not be read, a store can be
// written all the same, which is what counts.
func configured(ctx context.Context, client dynamic.Interface) (Answer, error) {
	configurations := client.Resource(schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"})
	_, err := configurations.Get(ctx, configuration, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return Answer{State: None}, nil
	case err == nil || refusal.Answered(err):
		return Answer{State: Answers}, nil
	}
	return Answer{}, fmt.Errorf("get ValidatingWebhookConfiguration %s: %w", configuration, err)
}

// Version is the one to ask in, of those that are served: the one that the operator itself works in.
func Version(served []string) string {
	return slices.MaxFunc(served, apiversion.CompareKubeAwareVersionStrings)
}
