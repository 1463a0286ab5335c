package helminstall

import (
	"context"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// TestOurs: the Secret's label says that it was us, and only a cluster-wide object that it may be believed.
func TestOurs(t *testing.T) {
	t.Parallel()
	label, made := map[string]string{stored.ManagedByLabel: stored.ManagedBy}, map[string]string{releaseAnnotation: "r"}
	for name, test := range map[string]struct {
		labels, annotations map[string]string // of the Namespace
		crds                func(context.Context, string) ([]byte, error)
		unmarked            bool
		want                bool
	}{
		"neither":                       {crds: noCRDs},
		"CRDs of another":               {crds: crdsNaming("r", "elsewhere")},
		"CRDs of nobody":                {crds: crdsNaming("", "")},
		"its CRDs":                      {crds: crdsNaming("r", "ns"), want: true},
		"its CRDs, unmarked":            {crds: crdsNaming("r", "ns"), unmarked: true},
		"its Namespace":                 {labels: label, annotations: made, crds: noCRDs, want: true},
		"its Namespace, unmarked":       {labels: label, annotations: made, crds: noCRDs, unmarked: true},
		"the label of a Gen3 Namespace": {labels: label, crds: noCRDs},
		"another release's Namespace":   {labels: label, annotations: map[string]string{releaseAnnotation: "other"}, crds: noCRDs},
		"an annotation without label":   {annotations: made, crds: noCRDs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret, err := stored.NewSecret("sh.helm.release.v1.r.v1", helmRelease(1, release.StatusDeployed), "createdAt", at())
			kubetest.Must(t, err)
			secret.Namespace = "ns"
			if test.unmarked {
				foreign(secret)
			}
			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns", Labels: test.labels, Annotations: test.annotations}}
			s := stepOn(fake.NewClientset(ns, secret), Settings{Release: "r", Namespace: "ns"})
			s.rawGet = test.crds
			_, err = s.Observe(t.Context())
			kubetest.Must(t, err)
			if s.Ours() != test.want {
				t.Errorf("ours: %v", s.Ours())
			}
		})
	}
}

// TestOperatorIsRecognised: CRDs that are served and a Deployment that is the operator's, whose label alone says nothing.
func TestOperatorIsRecognised(t *testing.T) {
	t.Parallel()
	const registry = "oci.external-secrets.io/external-secrets/external-secrets:v0.16.2"
	served := func(by owner.Owner) []CRD { return []CRD{{Served: []string{"v1"}, Owner: by}} }
	release := owner.Owner{Release: "eso", Namespace: "ops"}
	argo := owner.Owner{ArgoApp: "eso-app"}
	for name, test := range map[string]struct {
		crds   []CRD
		image  string
		args   []string
		change func(*appsv1.Deployment)
		want   bool // it is an operator
		sure   bool // and the CRDs confirm it
	}{
		"a label alone":               {crds: served(owner.Owner{}), image: "nginx"},
		"no CRDs":                     {image: registry},
		"CRDs that are not served":    {crds: []CRD{{}}, image: registry},
		"its image":                   {crds: served(owner.Owner{}), image: registry, want: true},
		"a mirror's":                  {crds: served(owner.Owner{}), image: "host:5000/mirror/external-secrets@sha256:00", want: true},
		"a distributor's":             {crds: served(owner.Owner{}), image: "cgr.dev/x/external-secrets-fips:latest", want: true},
		"a name that has it inside":   {crds: served(owner.Owner{}), image: "external-secrets/nginx:1"},
		"its arguments":               {crds: served(owner.Owner{}), image: "host/eso:1", args: []string{"--concurrent=1", "--metrics-addr=:8080", "--loglevel=info", "--zap-time-encoding=epoch"}, want: true},
		"some arguments":              {crds: served(owner.Owner{}), image: "host/eso:1", args: []string{"--metrics-addr=:8080", "--loglevel=info"}},
		"of the release of the CRDs":  {crds: served(release), image: "host/eso:1", want: true, sure: true},
		"its annotations, a tenant's": {crds: served(release), image: "nginx", change: func(d *appsv1.Deployment) { d.Namespace = "tenant" }},
		"its image, a tenant's":       {crds: served(release), image: registry, change: func(d *appsv1.Deployment) { d.Namespace = "tenant" }, want: true},
		"of the application": {crds: served(argo), image: registry, change: func(d *appsv1.Deployment) {
			d.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "eso-app:apps/Deployment:ops/eso"}
		}, want: true, sure: true},
		"the application's label alone": {crds: served(argo), image: "nginx", change: func(d *appsv1.Deployment) {
			d.Namespace, d.Annotations, d.Labels["argocd.argoproj.io/instance"] = "tenant", nil, "eso-app"
		}},
		"Flux's label alone": {crds: served(owner.Owner{Release: "eso", Namespace: "ops", Flux: "infra/eso"}), image: "nginx", change: func(d *appsv1.Deployment) {
			d.Namespace, d.Labels["helm.toolkit.fluxcd.io/namespace"], d.Labels["helm.toolkit.fluxcd.io/name"] = "tenant", "infra", "eso"
		}},
		"of another application":      {crds: served(argo), image: "host/eso:1", change: func(d *appsv1.Deployment) { d.Annotations = nil }},
		"the webhook of the release":  {crds: served(release), image: registry, change: func(d *appsv1.Deployment) { d.Labels["app.kubernetes.io/name"] = "external-secrets-webhook" }},
		"a release that nobody named": {crds: served(owner.Owner{}), image: "host/eso:1"},
		"an image in a second of them": {crds: served(owner.Owner{}), image: "proxy", change: func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Image: registry})
		}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := deployment("ops", "eso", 1, 1)
			d.Spec.Template.Spec.Containers = []corev1.Container{{Image: test.image, Args: test.args}}
			if test.change != nil {
				test.change(d)
			}
			o := &Observed{CRDs: test.crds, deployments: map[string]*appsv1.Deployment{}}
			o.take([]appsv1.Deployment{*d}, "external-secrets", false)
			if (len(o.Operators) == 1) != test.want || test.want && o.Operators[0].Confirmed != test.sure {
				t.Errorf("operators %+v, lookalikes %v", o.Operators, o.Lookalikes)
			}
			if kept := o.deployments[d.Namespace+"/"+d.Name] != nil; kept != test.want {
				t.Errorf("looked at as one of the operator's: %v", kept)
			}
		})
	}
}

// TestEssence: whoever has a namespace can make many Deployments that are large, and what is kept of each is what is asked of it.
func TestEssence(t *testing.T) {
	t.Parallel()
	d := deployment("tenant", "eso", 1, 1)
	big := strings.Repeat("x", 1<<20)
	d.Annotations["big"], d.Labels["big"], d.Labels[versionLabel] = big, "x", "v1"
	d.Annotations["argocd.argoproj.io/tracking-id"] = "app:" + big
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{big: "x"}}
	for range 20 {
		d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{
			Image: big, Args: []string{big, "--loglevel=" + big, "--metrics-addr=:1", "--zap-time-encoding=epoch"}, Env: []corev1.EnvVar{{Value: big}},
		})
	}
	kept := essence(d)
	if size := kept.Size(); size > 20_000 {
		t.Errorf("%d bytes are kept of one Deployment", size)
	}
	before, after := operatorOf(d), operatorOf(&kept)
	if before.Owner.ArgoApp = after.Owner.ArgoApp; before != after || looksGenuine(d) != looksGenuine(&kept) {
		t.Errorf("judged %+v, and before %+v", after, before)
	}
}
