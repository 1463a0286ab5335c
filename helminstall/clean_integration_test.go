package helminstall

import (
	"context"
	"encoding/json"
	"testing"
	"time"

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

// clean removes everything of External Secrets, without the code under test.
func (sb *sandbox) clean(t *testing.T) {
	t.Helper()
	for _, ns := range []string{"external-secrets", "elsewhere"} {
		_ = sb.client.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{})
	}
	must(t, wait.PollUntilContextTimeout(t.Context(), pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		left := 0
		for _, kind := range clusterKinds() {
			n, err := sb.cleanKind(ctx, kind)
			if err != nil {
				return false, err
			}
			left += n
		}
		list, err := sb.client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
		for _, ns := range list.Items {
			if ns.Name == "external-secrets" || ns.Name == "elsewhere" {
				left++
			}
		}
		return left == 0, err
	}))
	sb.repoRequests(t)
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
