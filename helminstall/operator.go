package helminstall

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// operatorLabels finds the Deployments of the chart, whatever the release is called and wherever it is.
const operatorLabels = "app.kubernetes.io/name in (external-secrets,external-secrets-webhook,external-secrets-cert-controller)"

// Operator is an External Secrets Operator that runs in the cluster.
type Operator struct {
	Namespace string
	Name      string // of its Deployment
	Version   string // by label or image tag; "" if neither tells
	Chart     string // helm.sh/chart label, such as external-secrets-0.9.13, or ""
	Owner     owner.Owner
	Available bool // at least one replica is, and as many as are wanted
	Stopped   bool // its Deployment wants no replicas
}

// String names it for an operator.
func (o Operator) String() string {
	return fmt.Sprintf("deployment/%s/%s (version %s) of %s", o.Namespace, o.Name, cmp.Or(o.Version, "unknown"), o.Owner)
}

// listDeployments reads the chart's Deployments of all namespaces, or where that is forbidden of the release's own.
func (s *Step) listDeployments(ctx context.Context) (items []appsv1.Deployment, everywhere bool, err error) {
	opts := metav1.ListOptions{LabelSelector: operatorLabels}
	list, err := s.Client.AppsV1().Deployments(metav1.NamespaceAll).List(ctx, opts)
	if err == nil {
		return list.Items, true, nil
	}
	if !apierrors.IsForbidden(err) {
		return nil, false, fmt.Errorf("list Deployments of all namespaces: %w", err)
	}
	if list, err = s.Client.AppsV1().Deployments(s.Namespace).List(ctx, opts); apierrors.IsForbidden(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("list Deployments in namespace %s: %w", s.Namespace, err)
	}
	return list.Items, false, nil
}

// operatorsIn picks the operators proper, not their webhook and certificate controller.
func operatorsIn(items []appsv1.Deployment) []Operator {
	var out []Operator
	for i := range items {
		d := &items[i]
		if d.Labels["app.kubernetes.io/name"] != DefaultChart {
			continue
		}
		stopped := wantedReplicas(d) == 0
		out = append(out, Operator{
			Namespace: d.Namespace, Name: d.Name, Version: operatorVersion(d), Chart: d.Labels["helm.sh/chart"],
			Owner: owner.Of(d.ObjectMeta), Stopped: stopped, Available: !stopped && unavailable(d) == "" && d.Status.AvailableReplicas > 0,
		})
	}
	return out
}

func operatorVersion(d *appsv1.Deployment) string {
	if v := d.Labels["app.kubernetes.io/version"]; v != "" {
		return v
	}
	for _, c := range d.Spec.Template.Spec.Containers {
		image, _, _ := strings.Cut(c.Image, "@")
		if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
			return image[i+1:]
		}
	}
	return ""
}
