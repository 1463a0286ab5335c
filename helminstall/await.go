package helminstall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

const pollInterval = 250 * time.Millisecond

// await waits until all Deployments of the release are available, and says meanwhile why one is not.
func (s *Step) await(ctx context.Context, sink event.Sink) error {
	targets := stored.Deployments(s.seen.Release.Manifest, s.Namespace)
	if s.allAvailable(targets) {
		return nil
	}
	var last trouble
	say := s.once(sink)
	err := wait.PollUntilContextTimeout(ctx, pollInterval, s.timeout(), true, func(ctx context.Context) (bool, error) {
		now, err := s.troubles(ctx, targets)
		if err != nil {
			return false, ignorable(ctx, err)
		}
		if last = now; last.message == "" {
			return true, nil
		}
		say(last.message)
		return false, nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("wait for Deployments of release %s/%s: %w", s.Namespace, s.Settings.Release, ctx.Err())
	case errors.Is(err, context.DeadlineExceeded):
		return hint.With(fmt.Errorf("wait for Deployments of release %s/%s: not available after %s: %s",
			s.Namespace, s.Settings.Release, s.timeout(), last.message), last.hint())
	}
	return hint.With(fmt.Errorf("wait for Deployments of release %s/%s: %w", s.Namespace, s.Settings.Release, err),
		forbiddenHint(err, "allow to get deployments and list pods in "+s.Namespace+", or give --no-wait"))
}

// allAvailable judges by what Observe saw, so that a run with nothing to do asks nothing more.
func (s *Step) allAvailable(targets []stored.Object) bool {
	for _, t := range targets {
		d := s.seen.deployments[t.String()]
		if d == nil || unavailable(d) != "" {
			return false
		}
	}
	return true
}

// ignorable passes on only what waiting cannot cure.
func ignorable(ctx context.Context, err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || ctx.Err() != nil {
		return err
	}
	return nil
}

// once emits a message when it differs from the one before.
func (s *Step) once(sink event.Sink) func(string) {
	before := ""
	return func(message string) {
		if message != before {
			before = message
			s.emit(sink, event.Event{Type: event.Waiting, Message: message})
		}
	}
}

// trouble is what keeps the release from being available.
type trouble struct {
	first   stored.Object
	message string
}

func (t trouble) hint() string {
	return hint.Command("kubectl", "-n", t.first.Namespace, "describe", "deployment/"+t.first.Name) + "; " +
		hint.Command("kubectl", "-n", t.first.Namespace, "get", "pods") + "; then run again"
}

// troubles reads the Deployments at once, and the pods of those that are not available.
func (s *Step) troubles(ctx context.Context, targets []stored.Object) (trouble, error) {
	said := make([]string, len(targets))
	found := make([]*appsv1.Deployment, len(targets))
	group, ctx := errgroup.WithContext(ctx)
	for i, t := range targets {
		group.Go(func() (err error) {
			found[i], said[i], err = s.troubleWith(ctx, t)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return trouble{}, err
	}
	s.noteDeployments(targets, found)
	var out trouble
	var all []string
	for i, msg := range said {
		if msg == "" {
			continue
		}
		if len(all) == 0 {
			out.first = targets[i]
		}
		all = append(all, targets[i].Name+" "+msg)
	}
	out.message = strings.Join(all, "; ")
	return out, nil
}

// noteDeployments keeps what was found for Warnings, which speaks of what a run left behind.
func (s *Step) noteDeployments(targets []stored.Object, found []*appsv1.Deployment) {
	if s.seen.deployments == nil {
		s.seen.deployments = map[string]*appsv1.Deployment{}
	}
	for i, t := range targets {
		if found[i] != nil {
			s.seen.deployments[t.String()] = found[i]
		}
	}
}

func (s *Step) troubleWith(ctx context.Context, t stored.Object) (*appsv1.Deployment, string, error) {
	d, err := s.Client.AppsV1().Deployments(t.Namespace).Get(ctx, t.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, "does not exist", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("get Deployment %s: %w", t, err)
	}
	how := unavailable(d)
	if how == "" {
		return d, "", nil
	}
	return d, s.explained(ctx, d, how), nil
}

func (s *Step) explained(ctx context.Context, d *appsv1.Deployment, how string) string {
	if why := s.podTrouble(ctx, d); why != "" {
		return how + ": " + why
	}
	return how
}

func wantedReplicas(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}

// unavailable says how a Deployment is not rolled out and available, or "". One that wants no replicas has all that it
// wants, so that nobody waits for it: see stopped.
func unavailable(d *appsv1.Deployment) string {
	want, st := wantedReplicas(d), d.Status
	switch {
	case st.ObservedGeneration < d.Generation:
		return "not seen by the Deployment controller yet"
	case st.UpdatedReplicas < want:
		return fmt.Sprintf("%d/%d updated", st.UpdatedReplicas, want)
	case st.AvailableReplicas < want:
		return fmt.Sprintf("%d/%d available", st.AvailableReplicas, want)
	}
	return ""
}

// podTrouble asks the pods of a Deployment why they are not ready; "" if nothing tells.
func (s *Step) podTrouble(ctx context.Context, d *appsv1.Deployment) string {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return ""
	}
	var pods *corev1.PodList
	var warnings []*corev1.Event
	var group errgroup.Group
	group.Go(func() (err error) {
		pods, err = s.Client.CoreV1().Pods(d.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
		return err
	})
	group.Go(func() error { warnings = s.warningsIn(ctx, d.Namespace); return nil })
	if group.Wait() != nil {
		return "its pods may not be listed"
	}
	for i := range pods.Items {
		if why := troubleOf(&pods.Items[i]); why != "" {
			return why
		}
	}
	if why := newestWarning(d, pods.Items, warnings); why != "" {
		return why
	}
	for _, c := range d.Status.Conditions {
		failed := c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue
		stuck := c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse
		if failed || stuck {
			return reasoned(c.Reason, c.Message)
		}
	}
	return ""
}

// newestWarning is what was last said of the pods that are not ready, or where there are none of their ReplicaSet: no address
// for a pod, an image that is not there, a volume that cannot be mounted.
func newestWarning(d *appsv1.Deployment, pods []corev1.Pod, warnings []*corev1.Event) string {
	about := func(e *corev1.Event) bool {
		if len(pods) == 0 {
			return e.InvolvedObject.Kind == "ReplicaSet" && strings.HasPrefix(e.InvolvedObject.Name, d.Name+"-")
		}
		return slices.ContainsFunc(pods, func(p corev1.Pod) bool { return e.InvolvedObject.UID == p.UID })
	}
	var newest *corev1.Event
	at := func(e *corev1.Event) time.Time {
		return cmp.Or(e.LastTimestamp.Time, e.EventTime.Time, e.CreationTimestamp.Time)
	}
	for _, e := range warnings {
		if about(e) && (newest == nil || at(e).After(at(newest))) {
			newest = e
		}
	}
	if newest == nil {
		return ""
	}
	return printable.Line(reasoned(newest.Reason, newest.Message))
}

// warningsIn lists what went wrong in a namespace of late; nothing where that may not be listed.
func (s *Step) warningsIn(ctx context.Context, namespace string) (out []*corev1.Event) {
	_ = pages.Each(ctx, s.Client.CoreV1().Events(namespace).List, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning},
		func(e *corev1.Event) { out = append(out, e) })
	return out
}

// troubleOf finds the reason that a person would look for: a container that cannot start, or a pod without a node.
func troubleOf(pod *corev1.Pod) string {
	for _, c := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		if c.Ready {
			continue
		}
		if w := c.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			if t := c.LastTerminationState.Terminated; t != nil && w.Reason == "CrashLoopBackOff" {
				return fmt.Sprintf("CrashLoopBackOff: exit code %d %s", t.ExitCode, words.Brief(cmp.Or(t.Message, t.Reason)))
			}
			return reasoned(w.Reason, w.Message)
		}
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("exit code %d: %s", t.ExitCode, words.Brief(cmp.Or(t.Message, t.Reason)))
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return reasoned(c.Reason, c.Message)
		}
	}
	if pod.Status.Reason != "" {
		return reasoned(pod.Status.Reason, pod.Status.Message)
	}
	return ""
}

func reasoned(reason, message string) string {
	return strings.TrimSuffix(reason+": "+words.Brief(message), ": ")
}
