package secrets

import (
	"context"
	"fmt"
	"slices"

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
func (l *lister) fromCluster(ctx context.Context) (objects []gen3.Object, err error) {
	l.target, err = bootstrap.ConnectCluster(ctx, l.settings, l.env)
	if err != nil {
		return nil, err
	}
	l.result.Namespace = l.target.Settings.Namespace
	if l.of.Source != Live {
		objects, err = l.fromRelease(ctx)
		if err != nil || objects != nil {
			return objects, err
		}
	}
	if l.of.Source == Release {
		return nil, hint.With(fmt.Errorf("look for the gen3 release: Helm stored none in namespace %s", l.result.Namespace),
			"-n names another namespace; with Argo CD there is no release: give the values files with -f, or --source live")
	}
	l.result.Source = Live
	return l.live(ctx)
}

// fromRelease is nil where there is no release of the gen3 chart.
func (l *lister) fromRelease(ctx context.Context) ([]gen3.Object, error) {
	record, warnings, err := known.Stored(ctx, l.target.Kube, l.result.Namespace)
	l.result.Warnings = append(l.result.Warnings, warnings...)
	if err != nil || record == nil {
		return nil, err
	}
	l.result.Source, l.result.Release = Release, record.Name
	l.result.Chart = Chart{Name: record.Chart.Metadata.Name, Version: record.Chart.Metadata.Version}
	manifests := []string{record.Manifest}
	for _, h := range record.Hooks {
		manifests = append(manifests, h.Manifest)
	}
	objects, broken := render.FromManifest(manifests...)
	l.result.Warnings = append(l.result.Warnings, broken...)
	if objects == nil {
		objects = []gen3.Object{}
	}
	return objects, nil
}

// live reads the operator's objects, and whatever makes pods. Secrets are not read.
func (l *lister) live(ctx context.Context) ([]gen3.Object, error) {
	reads := []func(context.Context) ([]map[string]any, error){
		func(ctx context.Context) ([]map[string]any, error) {
			return l.target.External.Contents(ctx, l.result.Namespace, "ExternalSecret", "SecretStore", "ClusterSecretStore", "PushSecret")
		},
	}
	apps, batch, core := l.target.Kube.AppsV1(), l.target.Kube.BatchV1(), l.target.Kube.CoreV1()
	n := l.result.Namespace
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
