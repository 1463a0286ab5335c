package helminstall

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// operatorLabels finds the Deployments of the chart, whatever the release is called and wherever it is.
const operatorLabels = "app.kubernetes.io/name in (external-secrets,external-secrets-webhook,external-secrets-cert-controller)"

// Labels by which a Deployment of the chart tells what it is.
const (
	nameLabel    = "app.kubernetes.io/name"
	versionLabel = "app.kubernetes.io/version"
	chartLabel   = "helm.sh/chart"
)

// Operator is an External Secrets Operator that runs in the cluster.
type Operator struct {
	Namespace string
	Name      string // of its Deployment
	Version   string // by label or image tag; "" if neither tells
	Chart     string // helm.sh/chart label, such as external-secrets-0.9.13, or ""
	Owner     owner.Owner
	// Confirmed: the CRDs have the same owner; see confirms. Else its image or arguments are the operator's, which anybody can have.
	Confirmed bool
	Available bool // at least one replica is, and as many as are wanted
	Stopped   bool // its Deployment wants no replicas
}

// String names it for an operator.
func (o Operator) String() string {
	return fmt.Sprintf("%s (version %s) of %s", o.deployment(), cmp.Or(o.Version, "unknown"), o.Owner)
}

func (o Operator) deployment() string { return "deployment/" + o.Namespace + "/" + o.Name }

// listDeployments reads the chart's Deployments of all namespaces, or where that is forbidden of the release's own.
func (s *Step) listDeployments(ctx context.Context) (items []appsv1.Deployment, everywhere bool, err error) {
	items, err = s.deploymentsIn(ctx, metav1.NamespaceAll)
	if err == nil {
		return items, true, nil
	}
	if !apierrors.IsForbidden(err) {
		return nil, false, fmt.Errorf("list Deployments of all namespaces: %w", err)
	}
	if items, err = s.deploymentsIn(ctx, s.Namespace); apierrors.IsForbidden(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("list Deployments in namespace %s: %w", s.Namespace, err)
	}
	return items, false, nil
}

// deploymentsIn reads in pages, and keeps of what has the chart's label only what is asked of it: whoever may write in any
// namespace can make many Deployments of more than a MiB.
func (s *Step) deploymentsIn(ctx context.Context, namespace string) (items []appsv1.Deployment, err error) {
	options := metav1.ListOptions{LabelSelector: operatorLabels, Limit: 10}
	err = pages.Each(ctx, s.Client.AppsV1().Deployments(namespace).List, options, func(d *appsv1.Deployment) { items = append(items, essence(d)) })
	return items, err // the caller says what it lists
}

// essence is a Deployment without what is large and not asked for.
func essence(d *appsv1.Deployment) appsv1.Deployment {
	out := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: d.Namespace, Name: d.Name, Generation: d.Generation, Labels: map[string]string{}, Annotations: map[string]string{},
	}, Status: d.Status}
	for _, key := range append(owner.Labels(), nameLabel, versionLabel, chartLabel) {
		if value, ok := d.Labels[key]; ok {
			out.Labels[key] = value
		}
	}
	for _, key := range owner.Annotations() {
		if value, ok := d.Annotations[key]; ok {
			out.Annotations[key] = words.Brief(value)
		}
	}
	out.Spec.Replicas = d.Spec.Replicas
	containers := d.Spec.Template.Spec.Containers
	for _, c := range containers[:min(len(containers), 10)] {
		args := slices.DeleteFunc(slices.Clone(c.Args), func(arg string) bool {
			return !slices.ContainsFunc(operatorFlags(), func(flag string) bool { return hasFlag([]string{arg}, flag) })
		})
		kept := corev1.Container{Image: words.Brief(c.Image)}
		for _, arg := range args[:min(len(args), 10)] {
			kept.Args = append(kept.Args, words.Brief(arg))
		}
		out.Spec.Template.Spec.Containers = append(out.Spec.Template.Spec.Containers, kept)
	}
	return out
}

// take sorts the chart's Deployments: operators proper, not their webhook and certificate controller, and others that only
// have the label, which any Deployment can. Of the rest, those are kept that are in a namespace of the release or of an
// operator. Where CRDs may not be read, it is not known whether there are any.
func (o *Observed) take(items []appsv1.Deployment, namespace string, unread bool) {
	namespaces := map[string]bool{namespace: true}
	for i := range items {
		d := &items[i]
		if d.Labels[nameLabel] != chartsource.DefaultChart {
			continue
		}
		op := operatorOf(d)
		genuine := looksGenuine(d)
		op.Confirmed = o.confirms(op, genuine)
		if !op.Confirmed && !genuine || !unread && served(o.CRDs) == noVersion {
			o.Lookalikes = append(o.Lookalikes, "deployment/"+d.Namespace+"/"+d.Name)
			continue
		}
		o.Operators = append(o.Operators, op)
		namespaces[d.Namespace] = true
	}
	for i := range items {
		if d := &items[i]; namespaces[d.Namespace] {
			o.deployments[d.Namespace+"/"+d.Name] = d
		}
	}
}

// confirms reports whether a Deployment's owner is the CRDs'. Whoever has a Deployment can annotate it; that it is in the
// namespace that the CRDs name is what a tenant cannot have. GitOps tools' marks name none, and so count only on what looks
// genuine besides.
func (o *Observed) confirms(op Operator, genuine bool) bool {
	return slices.ContainsFunc(o.CRDs, func(c CRD) bool {
		switch by := c.Owner; {
		case by.ArgoApp != "" || by.Flux != "":
			return genuine && by.ArgoApp == op.Owner.ArgoApp && by.Flux == op.Owner.Flux
		default:
			return by.Release != "" && op.Owner.Of(by.Release, by.Namespace) && op.Namespace == by.Namespace
		}
	})
}

func operatorOf(d *appsv1.Deployment) Operator {
	stopped := wantedReplicas(d) == 0
	return Operator{
		Namespace: d.Namespace, Name: d.Name, Version: operatorVersion(d), Chart: d.Labels[chartLabel],
		Owner: owner.Of(d.ObjectMeta), Stopped: stopped, Available: !stopped && unavailable(d) == "" && d.Status.AvailableReplicas > 0,
	}
}

// looksGenuine reports whether a container's image or arguments are the operator's. Mirrors keep the image's last name, and
// the arguments are those that every version of the chart gives.
func looksGenuine(d *appsv1.Deployment) bool {
	return slices.ContainsFunc(d.Spec.Template.Spec.Containers, func(c corev1.Container) bool {
		image, _, _ := strings.Cut(c.Image, "@")
		name, _, _ := strings.Cut(path.Base(image), ":")
		return name == chartsource.DefaultChart || strings.HasPrefix(name, chartsource.DefaultChart+"-") ||
			!slices.ContainsFunc(operatorFlags(), func(flag string) bool { return !hasFlag(c.Args, flag) })
	})
}

// operatorFlags are given to the operator by every version of the chart.
func operatorFlags() []string { return []string{"--metrics-addr", "--loglevel", "--zap-time-encoding"} }

func hasFlag(args []string, name string) bool {
	return slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, name+"=") })
}

// chartVersion is the version of the chart by its label; "" where that tells none.
func (o Operator) chartVersion() string {
	version, ok := strings.CutPrefix(o.Chart, chartsource.DefaultChart+"-")
	if _, err := semver.NewVersion(version); !ok || err != nil {
		return ""
	}
	return version
}

func operatorVersion(d *appsv1.Deployment) string {
	if v := d.Labels[versionLabel]; v != "" {
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

// stopped warns of Deployments that want no replicas, one line for each namespace. What a person scaled is not scaled
// back: who did it had a reason, and an upgrade that is due anyway sets what the chart says.
func stopped(deployments map[string]*appsv1.Deployment) []string {
	names := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(deployments)) {
		if d := deployments[key]; wantedReplicas(d) == 0 {
			names[d.Namespace] = append(names[d.Namespace], d.Name)
		}
	}
	var out []string
	namespaces := slices.Sorted(maps.Keys(names))
	for _, ns := range namespaces[:min(len(namespaces), maxStopped)] {
		all := names[ns]
		out = append(out, fmt.Sprintf("scaled to 0 replicas, and so serving nothing, in namespace %s: deployment %s; "+
			"a run with nothing to change leaves it so; to start it again: %s",
			ns, words.Few(all), hint.Command(slices.Concat([]string{"kubectl", "-n", ns, "scale", "deployment"}, all[:min(len(all), maxStopped)], []string{"--replicas=1"})...)))
	}
	if more := len(namespaces) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("Deployments of the operator are scaled to 0 replicas in %s more", words.Counted(more, "namespace")))
	}
	return out
}

// maxStopped is how many namespaces, and Deployments of each, are named.
const maxStopped = 10

// readMissing finds Deployments of the release that somebody deleted. The list has most of them; those of a chart with
// other labels are asked for by name.
func (s *Step) readMissing(ctx context.Context, o *Observed) error {
	targets := stored.Deployments(o.Release.Manifest, s.Namespace)
	found := make([]*appsv1.Deployment, len(targets))
	absent := make([]bool, len(targets))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel.Limit)
	for i, t := range targets {
		if found[i] = o.deployments[t.String()]; found[i] != nil {
			continue
		}
		group.Go(func() error {
			d, err := s.Client.AppsV1().Deployments(t.Namespace).Get(ctx, t.Name, metav1.GetOptions{})
			if absent[i] = apierrors.IsNotFound(err); absent[i] || apierrors.IsForbidden(err) {
				return nil
			}
			if err == nil {
				kept := essence(d)
				found[i] = &kept
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("get Deployments of release %s/%s: %w", s.Namespace, s.Settings.Release, err)
	}
	for i, t := range targets {
		if absent[i] {
			o.Missing = append(o.Missing, "deployment/"+t.String())
		} else if found[i] != nil {
			o.deployments[t.String()] = found[i]
		}
	}
	return nil
}
