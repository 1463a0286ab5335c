package readers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// Readers finds and renews those who read Secrets. It satisfies accesskey.Readers.
type Readers struct {
	Client   *kube.Client
	External *external.Objects
	Now      func() time.Time
	Poll     time.Duration // pause between two looks at what is waited for
	Limit    time.Duration // how long the operator may take to read anew

	mu   sync.Mutex
	well map[string]bool // the objects that were well when Refresh first looked
}

// Refresh implements accesskey.Readers.
func (r *Readers) Refresh(ctx context.Context, secrets []string, waiting func(string)) error {
	begun, err := r.dependents(ctx, secrets)
	if err != nil {
		return err
	}
	r.mu.Lock()
	if r.well == nil {
		r.well = map[string]bool{}
		for _, o := range begun {
			r.well[o.Ref()] = o.Ready == "True"
		}
	}
	r.mu.Unlock()
	awaited := slices.DeleteFunc(begun, func(o external.Object) bool { return !r.well[o.Ref()] })
	asked := map[string]time.Time{}
	again := max(10*time.Second, 10*r.Poll) // the operator waits ever longer after a failure
	look := func(ctx context.Context) (bool, error) {
		for _, o := range awaited {
			now := r.Now()
			if now.Sub(asked[o.Ref()]) < again {
				continue
			}
			if err := r.External.Refresh(ctx, o, now.UTC().Format(time.RFC3339Nano)); err != nil {
				return false, err
			}
			asked[o.Ref()] = now
		}
		if len(awaited) == 0 {
			return true, nil
		}
		waiting("External Secrets Operator to read anew for " + words.Few(refs(awaited)))
		now, err := r.dependents(ctx, secrets)
		awaited, err = stillAwaited(awaited, now, err)
		return len(awaited) == 0, err
	}
	err = wait.PollUntilContextTimeout(ctx, r.Poll, r.Limit, true, look)
	if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return r.notRead(ctx, awaited)
}

// stillAwaited are those that were not read again yet. A list that failed says nothing of them: all are, and one that took too long is
// tried again.
func stillAwaited(awaited, now []external.Object, listed error) ([]external.Object, error) {
	if errors.Is(listed, context.DeadlineExceeded) {
		return awaited, nil
	}
	if listed != nil {
		return awaited, listed
	}
	return slices.DeleteFunc(slices.Clone(awaited), func(o external.Object) bool { return refreshed(o, now) }), nil
}

// refreshed reports whether an object was read again since, and is well by that; one that is gone is.
func refreshed(o external.Object, now []external.Object) bool {
	i := slices.IndexFunc(now, func(n external.Object) bool { return n.Ref() == o.Ref() })
	return i < 0 || now[i].Ready == "True" && now[i].Refreshed != o.Refreshed
}

// notRead says which objects the operator did not read again, and what it says of the first.
func (r *Readers) notRead(ctx context.Context, awaited []external.Object) error {
	first := awaited[0]
	causes, err := r.External.Causes(ctx, first.Namespace)
	why := cmp.Or(causes[first.Ref()], "the operator says nothing of it")
	if err != nil {
		why = "what the operator says of it may not be read"
	}
	return hint.With(fmt.Errorf("wait for External Secrets Operator to read anew for %s: it did not within %s: %s", words.Few(refs(awaited)), r.Limit, why),
		"gen3-bootstrap verify says which part does not work")
}

func refs(objects []external.Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.Ref())
	}
	return out
}

// dependents are the ExternalSecrets that are read by stores which sign in with one of the Secrets, but those that are read once.
func (r *Readers) dependents(ctx context.Context, secrets []string) ([]external.Object, error) {
	var out []external.Object
	var namespaces []string
	for _, ref := range secrets {
		namespace, _, _ := strings.Cut(ref, "/")
		namespaces = words.AddOnce(namespaces, namespace)
	}
	for _, namespace := range namespaces {
		found, err := r.External.List(ctx, namespace)
		if err != nil {
			return nil, err
		}
		for _, u := range found.Unread {
			if !u.ClusterWide {
				return nil, u.Err
			}
		}
		stores := slices.DeleteFunc(slices.Clone(found.Objects), func(o external.Object) bool {
			return !o.IsStore() || !slices.ContainsFunc(o.Secrets, func(s string) bool { return slices.Contains(secrets, s) })
		})
		for _, o := range found.Objects {
			if o.Kind == "ExternalSecret" && !o.Once && slices.ContainsFunc(stores, o.Uses) {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

// Restart implements accesskey.Readers. It does what `kubectl rollout restart` does.
func (r *Readers) Restart(ctx context.Context, readers []credential.Reader, waiting func(string)) error {
	begun := r.Now()
	for _, reader := range readers {
		if err := r.restart(ctx, reader.Name, begun); err != nil {
			return err
		}
	}
	for _, reader := range readers {
		if err := r.awaitRestart(ctx, reader, waiting); err != nil {
			return err
		}
	}
	return nil
}

func (r *Readers) restart(ctx context.Context, name plan.Resource, at time.Time) error {
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, at.UTC().Format(time.RFC3339))
	options := metav1.PatchOptions{FieldManager: kube.FieldManager}
	apps := r.Client.AppsV1()
	var err error
	switch name.Kind {
	case "deployment":
		_, err = apps.Deployments(name.Namespace).Patch(ctx, name.Name, types.StrategicMergePatchType, patch, options)
	case "statefulset":
		_, err = apps.StatefulSets(name.Namespace).Patch(ctx, name.Name, types.StrategicMergePatchType, patch, options)
	case "daemonset":
		_, err = apps.DaemonSets(name.Namespace).Patch(ctx, name.Name, types.StrategicMergePatchType, patch, options)
	}
	if err != nil {
		return fmt.Errorf("restart %s: %w", name, err)
	}
	return nil
}

// awaitRestart waits until a workload has no pods but those of its newest template.
func (r *Readers) awaitRestart(ctx context.Context, reader credential.Reader, waiting func(string)) error {
	err := wait.PollUntilContextCancel(ctx, r.Poll, true, func(ctx context.Context) (bool, error) {
		waiting("the pods of " + reader.Name.String() + " to be started anew")
		return r.rolledOut(ctx, reader.Name)
	})
	if err != nil {
		return hint.With(fmt.Errorf("wait for the restart of %s: %w", reader.Name, cmp.Or(context.Cause(ctx), err)),
			"the old key is still active: see "+hint.Command("kubectl", "-n", reader.Name.Namespace, "rollout", "status", reader.Name.Kind+"/"+reader.Name.Name)+", and run the same command again")
	}
	return nil
}

func (r *Readers) rolledOut(ctx context.Context, name plan.Resource) (bool, error) {
	apps := r.Client.AppsV1()
	switch name.Kind {
	case "deployment":
		d, err := apps.Deployments(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		s := d.Status
		return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == s.Replicas && s.AvailableReplicas >= s.UpdatedReplicas, nil
	case "statefulset":
		d, err := apps.StatefulSets(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		s := d.Status
		return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == s.Replicas && s.ReadyReplicas >= s.Replicas, nil
	default:
		d, err := apps.DaemonSets(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		s := d.Status
		return s.ObservedGeneration >= d.Generation && s.UpdatedNumberScheduled >= s.DesiredNumberScheduled && s.NumberAvailable >= s.DesiredNumberScheduled, nil
	}
}
