package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/refusal"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// rehearse sends what this run is to write for the namespace as server-side dry runs, at the same time, and makes blocked
// changes of what the API server refuses: quota, admission, rights. In a namespace that does not exist nothing can be tried
// but the namespace. It returns the refusals, and what kept it from asking.
func (r *Run) rehearse(ctx context.Context) (refused []plan.Change, unasked error) {
	t := r.Target
	there := t.Namespace != nil || len(r.made) > 0 // this run may have made it a moment ago
	var planned []plan.Change
	var trials []func() error
	try := func(c plan.Change, trial func(context.Context) error) {
		planned = append(planned, c)
		trials = append(trials, func() error { return unlessOvertaken(trial(ctx)) })
	}
	for _, c := range r.Result.Changes {
		switch pending := plan.Pending([]plan.Change{c}); {
		case !pending:
		case !there && c.Step == RecordStep && c.Resource.Kind == plan.Namespace:
			try(c, func(ctx context.Context) error { return t.Kube.RehearseNamespace(ctx, c.Resource.Name) })
		case !there:
		case c.Step == accesskey.Step && c.Resource.Kind == plan.Secret:
			held := credential.Held{Name: c.Resource.Namespace + "/" + c.Resource.Name}
			try(c, func(ctx context.Context) error { return r.steps.Key.Store.Rehearse(ctx, held) })
		case c.Step == RecordStep && c.Resource.Kind == plan.ConfigMap:
			try(c, t.Record.Rehearse)
		}
	}
	if there && t.lease == nil { // every run that writes takes the lock
		lock := plan.Change{Step: RecordStep, Resource: plan.In(plan.Lease, t.Settings.Namespace, kube.RecordName)}
		try(lock, func(ctx context.Context) error {
			return t.Kube.RehearseLease(ctx, t.Settings.Namespace, kube.RecordName)
		})
	}
	for i, err := range inOrder(trials...) {
		if err == nil {
			continue
		}
		warning, gone := refusal.Webhook(err)
		if warning != "" {
			r.Result.Warnings = words.AddOnce(r.Result.Warnings, Warning{"not-rehearsed", warning})
			continue
		}
		if gone == nil && !refusal.Answered(err) {
			unasked = errors.Join(unasked, err)
			continue
		}
		refused = append(refused, refusal.Of(planned[i], "", cmp.Or(gone, err)))
	}
	if there {
		refused = append(refused, r.overQuota(ctx, planned)...)
	}
	return refused, unasked
}

// overQuota judges the sum of what is to be made in the namespace: a dry run judges each object by itself. Who may not read
// quotas goes by the dry runs alone.
func (r *Run) overQuota(ctx context.Context, planned []plan.Change) []plan.Change {
	namespace := r.Target.Settings.Namespace
	quotas, err := r.Target.Kube.CoreV1().ResourceQuotas(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	counts := map[corev1.ResourceName][]plan.Change{}
	for _, c := range planned {
		if c.Action == plan.Create {
			for _, name := range map[string][]corev1.ResourceName{
				plan.Secret: {"secrets", "count/secrets"}, plan.ConfigMap: {"configmaps", "count/configmaps"},
			}[c.Resource.Kind] {
				counts[name] = append(counts[name], c)
			}
		}
	}
	var out []plan.Change
	for _, q := range quotas.Items {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			made := counts[name]
			hard, limited := q.Status.Hard[name]
			used := q.Status.Used[name]
			room := hard.Value() - used.Value()
			if !limited || room <= 0 || int64(len(made)) <= room { // without any room each dry run was refused
				continue
			}
			err := hint.With(fmt.Errorf("quota %s leaves room for %d of the %d %s that are to be made", q.Name, room, len(made), strings.TrimPrefix(string(name), "count/")),
				"ask for more, or delete what is not needed: "+hint.Command("kubectl", "-n", namespace, "describe", "resourcequota"))
			out = append(out, refusal.Of(made[len(made)-1], "", err))
		}
	}
	return out
}

// block puts refusals into the plan, each in the place of the change that it refuses, and fails where there are any.
func (r *Run) block(refused []plan.Change, unasked error) error {
	for _, c := range refused {
		r.Result.Changes = plan.Put(r.Result.Changes, c)
		_ = r.Fail(c.Step, hint.Blocked(c))
	}
	if unasked != nil {
		return r.Fail("", unasked)
	}
	if len(refused) > 0 {
		return ErrFailed
	}
	return nil
}

// unlessOvertaken passes over what another run's writes since the look bring about: this run looks again under the lock.
func unlessOvertaken(err error) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// simulate warns of calls to IAM that would be denied. IAM has no dry run, and its simulation is not always right, so that a
// plan goes on.
func (r *Run) simulate(ctx context.Context) {
	var calls []iamsetup.Call
	principal := ""
	for _, c := range r.Result.Changes {
		switch c.Resource.Kind {
		case plan.IAMUser, plan.IAMRole:
			principal = c.Resource.Name
			fallthrough
		case plan.IAMPolicy, plan.OIDCProvider:
			calls = append(calls, iamsetup.CallsOf(c, c.Resource.Name)...)
		case plan.Attachment, plan.AccessKey: // of the user or role before it
			calls = append(calls, iamsetup.CallsOf(c, principal)...)
		}
	}
	doubts, err := r.Target.Aws.Simulate(ctx, r.Target.Caller, calls, r.Settings.PermissionsBoundary)
	if err != nil {
		r.Result.Warnings = append(r.Result.Warnings, Warning{"not-simulated", "whether IAM would allow this could not be simulated: " + iamsetup.Plain(err)})
	}
	r.Result.Warnings = append(r.Result.Warnings, Warned("iam-may-deny", iamsetup.Doubtful(r.Target.Caller, doubts)...)...)
}
