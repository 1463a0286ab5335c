package deployment

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	known "github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
)

// fromCluster reads the objects of the release that Helm stored, or else those that live in the namespace.
func (d *Deployment) fromCluster(ctx context.Context, t *bootstrap.Target) error {
	objects, found, err := d.fromRelease(ctx, t)
	if err == nil && !found {
		d.Source = Live
		objects, err = live(ctx, t, d.Namespace)
	}
	d.Inventory = gen3.Take(objects)
	if err == nil && d.Source == Live && len(d.Inventory.Requirements)+len(d.Inventory.Pushes) == 0 {
		d.Warnings = append(d.Warnings, "namespace "+d.Namespace+" has no ExternalSecret: -n names another namespace, -f gives values files of what is not deployed yet")
	}
	return err
}

// fromRelease finds nothing where there is no release of the gen3 chart, or where the live objects are wanted.
func (d *Deployment) fromRelease(ctx context.Context, t *bootstrap.Target) (objects []gen3.Object, found bool, err error) {
	if d.ref.Source == Live {
		return nil, false, nil
	}
	record, warnings, err := known.Stored(ctx, t.Kube, d.Namespace)
	d.Warnings = append(d.Warnings, warnings...)
	if err != nil {
		return nil, false, err
	}
	if record == nil {
		if err := listable(ctx, t, d.Namespace); err != nil && d.ref.Source == Release {
			return nil, false, err
		} else if err != nil {
			d.warn("whether Helm stored a release of the gen3 chart is not known: %v", err)
		}
	}
	if record == nil && d.ref.Source == Release {
		return nil, false, hint.With(fmt.Errorf("look for the gen3 release: Helm stored none in namespace %s", d.Namespace),
			"-n names another namespace; with Argo CD there is no release: give the values files with -f, or --source live")
	}
	if record == nil {
		return nil, false, nil
	}
	d.Source, d.Release = Release, record.Name
	d.Chart = Chart{Name: record.Chart.Metadata.Name, Version: record.Chart.Metadata.Version}
	d.values = record.Config
	if d.values == nil {
		d.values = map[string]any{}
	}
	manifests := []string{record.Manifest}
	for _, h := range record.Hooks {
		manifests = append(manifests, h.Manifest)
	}
	objects, broken := render.FromManifest(manifests...)
	d.Warnings = append(d.Warnings, broken...)
	return objects, true, nil
}

// listable is why the Secrets in which Helm stores releases may not be listed. The search takes that for none.
func listable(ctx context.Context, t *bootstrap.Target, namespace string) error {
	_, err := t.Kube.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm", Limit: 1})
	if apierrors.IsForbidden(err) {
		return hint.With(fmt.Errorf("look for the gen3 release: %w", err), "it needs the verb list on secrets in namespace "+namespace+"; give the values files with -f, or --source live")
	}
	return nil
}

// live reads the operator's objects, and whatever makes pods. Secrets are not read.
func live(ctx context.Context, t *bootstrap.Target, n string) ([]gen3.Object, error) {
	reads := []func(context.Context) ([]map[string]any, error){
		func(ctx context.Context) ([]map[string]any, error) {
			return t.External.Contents(ctx, n, "ExternalSecret", "SecretStore", "ClusterSecretStore", "PushSecret")
		},
	}
	apps, batch, core := t.Kube.AppsV1(), t.Kube.BatchV1(), t.Kube.CoreV1()
	reads = append(reads,
		listed(n, "Deployment", "deployments.apps", apps.Deployments(n).List),
		listed(n, "StatefulSet", "statefulsets.apps", apps.StatefulSets(n).List),
		listed(n, "DaemonSet", "daemonsets.apps", apps.DaemonSets(n).List),
		listed(n, "CronJob", "cronjobs.batch", batch.CronJobs(n).List),
		listed(n, "Job", "jobs.batch", batch.Jobs(n).List),
		listed(n, "ConfigMap", "configmaps", core.ConfigMaps(n).List),
	)
	lists, err := parallel.Map(ctx, reads, func(ctx context.Context, read func(context.Context) ([]map[string]any, error)) ([]map[string]any, error) {
		return read(ctx)
	})
	if err != nil {
		return nil, err
	}
	var out []gen3.Object
	for _, content := range slices.Concat(lists...) {
		out = append(out, gen3.Object{Content: content})
	}
	return out, nil
}

// listed reads all objects of a kind. Those that another one made, such as the Jobs of a CronJob, are left out.
func listed[List runtime.Object](namespace, kind, resource string, list func(context.Context, metav1.ListOptions) (List, error)) func(context.Context) ([]map[string]any, error) {
	return func(ctx context.Context) ([]map[string]any, error) {
		var out []map[string]any
		var broken error
		err := pages.Each(ctx, list, metav1.ListOptions{}, func(object runtime.Object) {
			if m, ok := object.(metav1.Object); !ok || metav1.GetControllerOf(m) != nil {
				return
			}
			content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
			if err != nil {
				broken = err
				return
			}
			content["kind"] = kind // a list does not repeat it
			out = append(out, content)
		})
		if err == nil {
			err = broken
		}
		if err != nil {
			return nil, hint.With(fmt.Errorf("list %s in namespace %s: %w", resource, namespace, err), "it needs the verb list on "+resource+" in namespace "+namespace)
		}
		return out, nil
	}
}
