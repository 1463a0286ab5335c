package helminstall

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// deployment is one of the chart's, as its controller leaves it.
func deployment(ns, name string, replicas, available int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: ns, Name: name, Labels: map[string]string{"app.kubernetes.io/name": chartsource.DefaultChart},
			Annotations: map[string]string{owner.ReleaseAnnotation: "eso", owner.NamespaceAnnotation: ns},
		},
		Spec: appsv1.DeploymentSpec{Replicas: &replicas, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "main", Image: "mirror.example/a/external-secrets:v0.9.13"}},
		}}},
		Status: appsv1.DeploymentStatus{UpdatedReplicas: replicas, Replicas: replicas, AvailableReplicas: available},
	}
}

func TestOperatorAvailable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wanted, available  int32
		isAvailable, stops bool
	}{
		"up to date":     {wanted: 2, available: 2, isAvailable: true},
		"not all":        {wanted: 2, available: 1},
		"none":           {wanted: 1},
		"none wanted":    {stops: true},
		"still stopping": {available: 1, stops: true},
	} {
		got := operatorOf(deployment("ns", "a", test.wanted, test.available))
		if got.Available != test.isAvailable || got.Stopped != test.stops {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	all := map[string]*appsv1.Deployment{}
	for _, d := range []*appsv1.Deployment{deployment("b", "z", 0, 0), deployment("a", "y", 0, 0), deployment("a", "x", 0, 0), deployment("a", "w", 1, 0)} {
		all[d.Namespace+"/"+d.Name] = d
	}
	got := stopped(all)
	if len(got) != 2 || !strings.Contains(got[0], "deployment x, y;") ||
		!strings.HasSuffix(got[0], "kubectl -n a scale deployment x y --replicas=1") || !strings.Contains(got[1], "deployment z;") {
		t.Errorf("%q", got)
	}
}

// stepOn is a step over a fake cluster without CRDs.
func stepOn(client *fake.Clientset, set Settings) *Step {
	return &Step{Client: client, Now: at, Settings: set, NoFetch: true, rawGet: noCRDs}
}

// TestStoppedElsewhere: the operator of somebody else is used, and that it does not run is said once.
func TestStoppedElsewhere(t *testing.T) {
	t.Parallel()
	s := stepOn(fake.NewClientset(deployment("ops", "eso", 0, 0)), Settings{Release: "external-secrets", Namespace: "external-secrets"})
	s.rawGet = crdsNaming("eso", "ops")
	_, err := s.Observe(t.Context())
	kubetest.Must(t, err)
	kubetest.Must(t, s.Apply(t.Context(), event.Discard))
	if s.State() != Elsewhere || s.Operators()[0].Available {
		t.Errorf("%s %+v", s.State(), s.Operators())
	}
	if diff := cmp.Diff(stopped(s.seen.deployments), s.Warnings()); diff != "" || len(s.Warnings()) != 1 {
		t.Error(diff, s.Warnings())
	}
}

// TestStoppedIsShort: whoever has a namespace can make many, and all the namespaces together are told in a few lines.
func TestStoppedIsShort(t *testing.T) {
	t.Parallel()
	all := map[string]*appsv1.Deployment{}
	for i := range 30 {
		for _, ns := range []string{"a", fmt.Sprintf("n%d", i)} {
			d := deployment(ns, fmt.Sprintf("d%d", i), 0, 0)
			all[ns+"/"+d.Name] = d
		}
	}
	got := stopped(all)
	if len(got) != maxStopped+1 || !strings.Contains(got[0], "and 20 more;") || strings.Count(got[0], " d") > 3*maxStopped || !strings.Contains(got[maxStopped], "21 namespaces more") {
		t.Errorf("%d lines: %q", len(got), got)
	}
}
