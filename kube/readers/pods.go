package readers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// use is how a container of a pod reads Secrets.
type use struct {
	atStart bool   // once, when the container starts: by its environment, or by a mount with subPath
	how     string // such as "environment of container fence"
	began   time.Time
}

// uses lists how the running containers of a pod read some Secrets of its namespace.
func uses(pod *corev1.Pod, names []string) []use {
	var out []use
	began := map[string]time.Time{} // a container that was started anew reads anew
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running != nil {
			began[s.Name] = s.State.Running.StartedAt.Time
		}
	}
	volumes := secretVolumes(pod, names)
	add := func(c corev1.Container, kind string) {
		since := began[c.Name]
		if since.IsZero() && pod.Status.StartTime != nil {
			since = pod.Status.StartTime.Time
		}
		if readsEnvironment(c, names) {
			out = append(out, use{atStart: true, how: "environment of " + kind + " " + c.Name, began: since})
		}
		for _, m := range c.VolumeMounts {
			switch {
			case !volumes[m.Name]:
			case m.SubPath != "" || m.SubPathExpr != "":
				out = append(out, use{atStart: true, how: "subPath mount of " + kind + " " + c.Name, began: since})
			default:
				out = append(out, use{how: "mount of " + kind + " " + c.Name, began: since})
			}
		}
	}
	for _, c := range pod.Spec.InitContainers { // which may have handed on what they read
		add(c, "init container")
	}
	for _, c := range pod.Spec.Containers {
		add(c, "container")
	}
	return out
}

func readsEnvironment(c corev1.Container, names []string) bool {
	return slices.ContainsFunc(c.EnvFrom, func(e corev1.EnvFromSource) bool {
		return e.SecretRef != nil && slices.Contains(names, e.SecretRef.Name)
	}) || slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && slices.Contains(names, e.ValueFrom.SecretKeyRef.Name)
	})
}

// secretVolumes are the names of a pod's volumes that have one of the Secrets in them.
func secretVolumes(pod *corev1.Pod, names []string) map[string]bool {
	out := map[string]bool{}
	for _, v := range pod.Spec.Volumes {
		if v.Secret != nil && slices.Contains(names, v.Secret.SecretName) {
			out[v.Name] = true
		}
		if v.Projected != nil {
			for _, s := range v.Projected.Sources {
				if s.Secret != nil && slices.Contains(names, s.Secret.Name) {
					out[v.Name] = true
				}
			}
		}
	}
	return out
}

// eachUse visits how the pods that have not ended read the Secrets, given as "namespace/name".
func (r *Readers) eachUse(ctx context.Context, secrets []string, visit func(*corev1.Pod, use)) error {
	byNamespace := map[string][]string{}
	for _, ref := range secrets {
		namespace, name, _ := strings.Cut(ref, "/")
		byNamespace[namespace] = append(byNamespace[namespace], name)
	}
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		err := pages.Each(ctx, r.Client.CoreV1().Pods(namespace).List, metav1.ListOptions{Limit: pageSize}, func(pod *corev1.Pod) {
			if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || pod.Status.StartTime == nil {
				return
			}
			for _, u := range uses(pod, byNamespace[namespace]) {
				visit(pod, u)
			}
		})
		if err != nil {
			return hint.With(fmt.Errorf("list pods in namespace %s: %w", namespace, err), "it needs the verb list on pods in namespace "+namespace)
		}
	}
	return nil
}

// pageSize is how many pods are read at once.
const pageSize = 200

// Stale implements accesskey.Readers.
func (r *Readers) Stale(ctx context.Context, secrets []string, before time.Time) ([]credential.Reader, error) {
	type found struct {
		reader credential.Reader
		hows   []string
	}
	byName := map[plan.Resource]*found{}
	err := r.eachUse(ctx, secrets, func(pod *corev1.Pod, u use) {
		if !u.atStart || u.began.After(before) {
			return
		}
		reader := r.workload(ctx, pod)
		if byName[reader.Name] == nil {
			byName[reader.Name] = &found{reader: reader}
		}
		if f := byName[reader.Name]; !slices.Contains(f.hows, u.how) {
			f.hows = append(f.hows, u.how)
		}
	})
	out := make([]credential.Reader, 0, len(byName))
	for _, name := range slices.SortedFunc(maps.Keys(byName), func(a, b plan.Resource) int { return strings.Compare(a.String(), b.String()) }) {
		f := byName[name]
		f.reader.How = strings.Join(f.hows, ", ")
		out = append(out, f.reader)
	}
	return out, err
}

// Mounted implements accesskey.Readers.
func (r *Readers) Mounted(ctx context.Context, secrets []string) (mounted bool, err error) {
	err = r.eachUse(ctx, secrets, func(_ *corev1.Pod, u use) { mounted = mounted || !u.atStart })
	return mounted, err
}

// workload is what has to be restarted for a pod to read anew: what controls it, a Deployment in the place of its ReplicaSet.
func (r *Readers) workload(ctx context.Context, pod *corev1.Pod) credential.Reader {
	kind, name := "Pod", pod.Name
	if owner := metav1.GetControllerOf(pod); owner != nil {
		kind, name = owner.Kind, owner.Name
	}
	if kind == "ReplicaSet" {
		if set, err := r.Client.AppsV1().ReplicaSets(pod.Namespace).Get(ctx, name, metav1.GetOptions{}); err == nil {
			if owner := metav1.GetControllerOf(set); owner != nil {
				kind, name = owner.Kind, owner.Name
			}
		}
	}
	out := credential.Reader{Name: plan.In(strings.ToLower(kind), pod.Namespace, name)}
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet":
	default:
		return out
	}
	rollout := func(verb string) string {
		return hint.Command("kubectl", "-n", pod.Namespace, "rollout", verb, strings.ToLower(kind)+"/"+name)
	}
	switch r.standsStill(ctx, out.Name) {
	case paused:
		out.Command = rollout("resume") + " && " + rollout("restart")
	case onDelete:
		out.Command = hint.Command("kubectl", "-n", pod.Namespace, "delete", "pod", pod.Name)
	case moves:
		out.Restarts, out.Command = true, rollout("restart")
	}
	return out
}

// still is why a workload starts no pods when its template changes.
type still int

const (
	moves    still = iota
	paused         // until somebody resumes it
	onDelete       // each pod until somebody deletes it
)

// standsStill finds out whether a restart would come to nothing. What cannot be read is taken to move.
func (r *Readers) standsStill(ctx context.Context, name plan.Resource) still {
	apps := r.Client.AppsV1()
	switch name.Kind {
	case "deployment":
		if d, err := apps.Deployments(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{}); err == nil && d.Spec.Paused {
			return paused
		}
	case "statefulset":
		if s, err := apps.StatefulSets(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{}); err == nil && s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
			return onDelete
		}
	case "daemonset":
		if s, err := apps.DaemonSets(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{}); err == nil && s.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
			return onDelete
		}
	}
	return moves
}
