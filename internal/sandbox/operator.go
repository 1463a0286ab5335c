package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/eso"
)

// prepareOperator makes what runs the operator's pods, if there is an operator.
func (s *Sandbox) prepareOperator(opts Options) error {
	if opts.Operator == "" {
		return nil
	}
	endpoint := opts.OperatorAWS
	if endpoint == "" {
		endpoint = s.AWSEndpoint
	}
	fleet, err := eso.New(eso.Options{Program: opts.Operator, Dir: s.Dir, AWSEndpoint: endpoint})
	if err != nil {
		return fmt.Errorf("prepare operator: %w", err)
	}
	s.Operator, s.operator = opts.Operator, fleet
	s.onStop(fleet.Stop)
	return nil
}

// writeEgress returns the path of the configuration that leads calls of
// webhooks to the operator's, or nothing without an operator.
func (s *Sandbox) writeEgress() (string, error) {
	if s.operator == nil {
		return "", nil
	}
	return s.operator.WriteEgressConfig()
}

// tokenSeconds outlasts any sandbox: nobody renews the token.
const tokenSeconds = 24 * 60 * 60

// writeAccountKubeconfig gives a pod what a kubelet would mount: a token of its
// ServiceAccount, so that the operator has the rights that its chart asks for.
func (c *clients) writeAccountKubeconfig(ctx context.Context, path, namespace, account string) error {
	seconds := int64(tokenSeconds)
	token, err := c.kube.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("get token of ServiceAccount %s/%s: %w", namespace, account, err)
	}
	return writeKubeconfig(path, c.config.Host, account, token.Status.Token, c.config.CAData)
}

// servesOperatorKinds reports whether every group of the operator is served.
func (c *clients) servesOperatorKinds() bool {
	for version, resource := range map[string]string{
		"external-secrets.io/v1": "secretstores", "external-secrets.io/v1alpha1": "clusterpushsecrets",
		"generators.external-secrets.io/v1alpha1": "generatorstates",
	} {
		list, err := c.kube.Discovery().ServerResourcesForGroupVersion(version)
		if err != nil || !slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == resource }) {
			return false
		}
	}
	return true
}

// followProcess makes a running pod's status that of its process.
func followProcess(status *corev1.PodStatus, state eso.State, now metav1.Time) {
	ready := corev1.ConditionFalse
	if state.Ready {
		ready = corev1.ConditionTrue
	}
	for i, c := range status.Conditions {
		if (c.Type == corev1.PodReady || c.Type == corev1.ContainersReady) && c.Status != ready {
			status.Conditions[i].Status, status.Conditions[i].LastTransitionTime = ready, now
		}
	}
	for i := range status.ContainerStatuses {
		c := &status.ContainerStatuses[i]
		c.Ready, c.Started, c.RestartCount = state.Ready, &state.Ready, state.Restarts
		switch {
		case state.Failure != "":
			c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: state.Failure}}
		case c.State.Running == nil:
			c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
		}
	}
}

// newWebhookTrust stands in for the chart's cert controller: the webhooks of a
// release trust whoever signed the certificate that its pods serve with.
func newWebhookTrust(_ context.Context, c *clients) (runner, error) {
	webhooks := c.informers.Admissionregistration().V1().ValidatingWebhookConfigurations()
	l, err := newLoop("webhook trust", webhooks.Informer(), func(ctx context.Context, name string) error {
		config, err := webhooks.Lister().Get(name)
		if err != nil || config.Labels["external-secrets.io/component"] != "webhook" {
			return nil // a lister only fails with NotFound
		}
		config = config.DeepCopy()
		changed := false
		for i := range config.Webhooks {
			client := &config.Webhooks[i].ClientConfig
			if client.Service != nil && !bytes.Equal(client.CABundle, c.operator.CABundle()) {
				client.CABundle, changed = c.operator.CABundle(), true
			}
		}
		if !changed {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err = c.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Update(ctx, config, metav1.UpdateOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil // the change that came between is an event of its own
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("webhook trust: %w", err)
	}
	return withWorkers(l), nil
}
