package sandbox_test

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
)

func namespaceObject(prefix string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}
}

func podTemplate(annotations map[string]string, restart corev1.RestartPolicy) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "test"}, Annotations: annotations},
		Spec: corev1.PodSpec{
			RestartPolicy: restart,
			Containers:    []corev1.Container{{Name: "main", Image: "test"}},
		},
	}
}

func deploymentObject(annotations map[string]string) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "test"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(2)),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "test"}},
			Template: podTemplate(annotations, corev1.RestartPolicyAlways),
		},
	}
}

// eventually polls until check reports true.
func eventually(t *testing.T, what string, check func(context.Context) (bool, error)) {
	t.Helper()
	start := time.Now()
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, check)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Logf("%s after %v", what, time.Since(start).Round(time.Millisecond))
}

func testRestricted(t *testing.T, s *sandbox.Sandbox) {
	c := client(t, s.RestrictedKubeconfig)
	if _, err := c.Discovery().ServerVersion(); err != nil {
		t.Errorf("the restricted user cannot even ask for the version: %v", err)
	}
	_, err := c.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("list Secrets as the restricted user: got %v, want Forbidden", err)
	}
}

func testDeployment(t *testing.T, s *sandbox.Sandbox) {
	c := client(t, s.Kubeconfig)
	apps := c.AppsV1().Deployments(newNamespace(t.Context(), t, c))
	if _, err := apps.Create(t.Context(), deploymentObject(nil), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Deployment available", func(ctx context.Context) (bool, error) {
		d, err := apps.Get(ctx, "test", metav1.GetOptions{})
		return err == nil && d.Status.AvailableReplicas == 2, err
	})
}

func testStuck(t *testing.T, s *sandbox.Sandbox) {
	c := client(t, s.Kubeconfig)
	ns := newNamespace(t.Context(), t, c)
	d := deploymentObject(map[string]string{sandbox.StuckAnnotation: "ImagePullBackOff"})
	if _, err := c.AppsV1().Deployments(ns).Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "pods stuck", func(ctx context.Context) (bool, error) {
		pods, err := c.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})
		if err != nil || len(pods.Items) == 0 || len(pods.Items[0].Status.ContainerStatuses) == 0 {
			return false, err
		}
		state := pods.Items[0].Status.ContainerStatuses[0].State
		return state.Waiting != nil && state.Waiting.Reason == "ImagePullBackOff", nil
	})
	d, err := c.AppsV1().Deployments(ns).Get(t.Context(), "test", metav1.GetOptions{})
	if err != nil || d.Status.AvailableReplicas != 0 {
		t.Errorf("stuck Deployment has status %+v, err %v", d.Status, err)
	}
}

func testJob(t *testing.T, s *sandbox.Sandbox) {
	c := client(t, s.Kubeconfig)
	jobs := c.BatchV1().Jobs(newNamespace(t.Context(), t, c))
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "test"},
		Spec:       batchv1.JobSpec{Template: podTemplate(nil, corev1.RestartPolicyNever)},
	}
	if _, err := jobs.Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Job complete", func(ctx context.Context) (bool, error) {
		j, err := jobs.Get(ctx, "test", metav1.GetOptions{})
		return err == nil && j.Status.Succeeded == 1 && j.Status.CompletionTime != nil, err
	})
}

func testGarbage(t *testing.T, s *sandbox.Sandbox) {
	c := client(t, s.Kubeconfig)
	maps := c.CoreV1().ConfigMaps(newNamespace(t.Context(), t, c))
	owner, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	owned := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owned", OwnerReferences: []metav1.OwnerReference{
		{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID},
	}}}
	if _, err := maps.Create(t.Context(), owned, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), "owner", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "owned object collected", func(ctx context.Context) (bool, error) {
		_, err := maps.Get(ctx, "owned", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}

func testNamespaceDeletion(t *testing.T, s *sandbox.Sandbox) {
	c := client(t, s.Kubeconfig)
	ns := newNamespace(t.Context(), t, c)
	if _, err := c.AppsV1().Deployments(ns).Create(t.Context(), deploymentObject(nil), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "namespace gone", func(ctx context.Context) (bool, error) {
		_, err := c.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}
