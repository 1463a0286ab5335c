package helminstall

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// clusterKinds are what the chart makes outside its namespace.
func clusterKinds() []string {
	return []string{
		"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "/apis/rbac.authorization.k8s.io/v1/clusterroles",
		"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", crdPath,
	}
}

// clean removes everything of External Secrets, without the code under test. Namespaces go last: while CRDs go, their
// controller cannot tell what is in one, and backs off for minutes.
func (sb *sandbox) clean(t *testing.T) {
	t.Helper()
	until(t, "CRDs and roles are gone", func(ctx context.Context) (int, error) {
		left := 0
		for _, kind := range clusterKinds() {
			n, err := sb.cleanKind(ctx, kind)
			if err != nil {
				return 0, err
			}
			left += n
		}
		return left, nil
	})
	until(t, "namespaces are gone", sb.cleanNamespaces)
	sb.repoRequests(t)
}

// until polls until nothing is left.
func until(t *testing.T, what string, left func(context.Context) (int, error)) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		n, err := left(ctx)
		return n == 0, err
	})
	if err != nil {
		t.Fatalf("clean up until %s: %v", what, err)
	}
}

func (sb *sandbox) cleanNamespaces(ctx context.Context) (left int, err error) {
	for _, ns := range []string{"external-secrets", "elsewhere"} {
		err := sb.client.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{})
		if !apierrors.IsNotFound(err) {
			left++
		}
	}
	return left, nil
}

// cleanKind deletes what Helm made, and returns how many such objects were there.
func (sb *sandbox) cleanKind(ctx context.Context, kind string) (n int, err error) {
	api := sb.client.Discovery().RESTClient()
	body, err := api.Get().AbsPath(kind).SetHeader("Accept", metadataList).DoRaw(ctx)
	if err != nil {
		return 0, err
	}
	var list metav1.PartialObjectMetadataList
	if err := json.Unmarshal(body, &list); err != nil {
		return 0, err
	}
	for _, item := range list.Items {
		if item.Labels[managedByLabel] != "Helm" && item.Annotations[releaseAnnotation] == "" {
			continue
		}
		n++
		if item.DeletionTimestamp == nil {
			_ = api.Delete().AbsPath(kind + "/" + item.Name).Do(ctx).Error()
		}
	}
	return n, nil
}
