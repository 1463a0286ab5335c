package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// RecordStep is the name of the step that owns the namespace, where that is made, and the record in it.
const RecordStep = "record"

// Recorded is what the record keeps: the settings of the last up, and the names by which later commands find what ups made.
// No secret material.
type Recorded struct {
	Account          string   `json:"account"`
	Region           string   `json:"region"`
	Partition        string   `json:"partition"`
	Cluster          string   `json:"cluster"` // UID of kube-system
	UseGlobalUser    bool     `json:"useGlobalUser,omitempty"`
	IRSA             bool     `json:"irsa,omitempty"`
	Boundary         string   `json:"permissionsBoundary,omitempty"` // policy ARN
	Tags             []string `json:"tags,omitempty"`                // "key=value", as given
	PolicyName       string   `json:"policyName,omitempty"`
	UserName         string   `json:"userName,omitempty"`
	IAMPath          string   `json:"iamPath,omitempty"`
	SecretNames      []string `json:"secretNames,omitempty"`
	SecretPrefixes   []string `json:"secretPrefixes,omitempty"`
	ReadNames        []string `json:"readNames,omitempty"` // exact names in Secrets Manager, read off values files
	PushNames        []string `json:"pushNames,omitempty"`
	KMSKeys          []string `json:"kmsKeys,omitempty"`
	AllowPush        bool     `json:"allowPush,omitempty"`
	GlobalUserSecret string   `json:"globalUserSecret,omitempty"`
	RoleName         string   `json:"roleName,omitempty"` // as given; empty: computed
	ServiceAccount   string   `json:"serviceAccount,omitempty"`
	OIDCIssuer       string   `json:"oidcIssuer,omitempty"` // as given; empty: asked of the API server
	Release          string   `json:"release,omitempty"`
	ReleaseNamespace string   `json:"releaseNamespace,omitempty"`
	// Made is what all ups made and no teardown has taken away, the last up's first.
	Made []Made `json:"made,omitempty"`
}

// recorded is what this run will have the record say.
func (t *Target) recorded() Recorded {
	r := Recorded{Partition: t.Caller.Partition, Cluster: t.ClusterID}
	r.keep(t.Settings)
	r.Made = t.makes()
	return r
}

// recordKeeper is the first step of every up: what is about to be made is written down before it is made, so that a
// run which is killed leaves its names behind.
type recordKeeper struct {
	client *kube.Client
	record *kube.Record
	before func() *Recorded // what the record says; nil: there is none
	wanted func() Recorded

	namespaceGone bool
	next          *Recorded // nil: the record is up to date
	changes       []plan.Change
}

// Name is the step's name.
func (k *recordKeeper) Name() string { return RecordStep }

// Observe compares the record with what this run would have it say.
func (k *recordKeeper) Observe(ctx context.Context) ([]plan.Change, error) {
	namespace, err := k.client.GetNamespace(ctx, k.record.Namespace)
	if err != nil {
		return nil, err
	}
	k.changes, k.next = nil, nil
	k.namespaceGone = namespace == nil
	if k.namespaceGone {
		k.changes = append(k.changes, plan.Change{
			Step: RecordStep, Resource: plan.Of(plan.Namespace, k.record.Namespace),
			Action: plan.Create, Reason: "there is no such namespace, and --create-namespace was given",
		})
	}
	k.compare()
	return k.changes, nil
}

func (k *recordKeeper) compare() {
	change := plan.Change{Step: RecordStep, Resource: plan.In(plan.ConfigMap, k.record.Namespace, kube.RecordName), Action: plan.None, Reason: "up to date"}
	before := k.before()
	want := k.wanted().follow(before)
	switch {
	case before == nil:
		change.Action, change.Reason = plan.Create, "nothing is recorded for this namespace yet"
		k.next = &want
	case Normal(*before) != Normal(want):
		change.Action, change.Reason = plan.Update, "the settings of the last up were others"
		change.Fields = want.changes(*before)
		k.next = &want
	}
	if k.next == nil {
		k.changes = append(k.changes, change)
		return
	}
	if err := want.tooMuch(); err != nil {
		k.next = nil
		change.Action, change.Reason = plan.Blocked, fmt.Sprintf("write record ConfigMap %s/%s: %v", k.record.Namespace, kube.RecordName, err)
		change.Hint = "what former ups made under other names is still recorded: take it away with teardown, or delete the record, after which only the names of the next up are known"
		change.More = []string{hint.Command("kubectl", "-n", k.record.Namespace, "delete", "configmap", kube.RecordName)}
	}
	k.changes = append(k.changes, change)
}

// Normal is r as it comes back from the record, so that empty and absent lists are equals.
func Normal(r Recorded) string {
	text, _ := json.Marshal(r) // strings and booleans
	return string(text)
}

// Apply writes the record.
func (k *recordKeeper) Apply(ctx context.Context, sink event.Sink) error {
	if k.next == nil {
		return nil
	}
	if err := k.record.SaveSettings(ctx, k.next.text()); err != nil {
		return err
	}
	for _, change := range k.changes {
		if change.Action != plan.None {
			sink.Emit(event.Event{Type: event.Changed, Step: RecordStep, Change: &change})
		}
	}
	return nil
}

// makeNamespace brings about what must be there before the lock can be taken.
func (r *Run) makeNamespace(ctx context.Context) error {
	t := r.Target
	if t.Namespace != nil {
		return nil
	}
	if err := t.Kube.CreateNamespace(ctx, t.Settings.Namespace); err != nil {
		return err
	}
	for _, c := range r.Result.Changes {
		if c.Step == RecordStep && c.Resource == plan.Of(plan.Namespace, t.Settings.Namespace) {
			r.made = append(r.made, c)
			r.Env.Sink.Emit(event.Event{Time: r.Env.Now(), Type: event.Changed, Step: RecordStep, Change: &c})
		}
	}
	return nil
}

// tellNamespace puts what makeNamespace did before all else that was done: by then the steps found it there.
func (r *Run) tellNamespace() {
	r.Result.Changed = r.Result.Changed || len(r.made) > 0
	for _, c := range r.made {
		same := func(x plan.Change) bool { return x.Resource == c.Resource }
		r.Result.Changes = append([]plan.Change{c}, slices.DeleteFunc(r.Result.Changes, same)...)
	}
}
