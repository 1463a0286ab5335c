package helminstall

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/refusal"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// tryObjects sends all that the chart makes to the API server as a dry run, at the same time: admission, quota, validation,
// immutable fields and rights are judged by who will judge the write, and nothing is stored
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run). In a namespace that does not exist nothing can be
// tried but the namespace itself.
func (s *Step) tryObjects(ctx context.Context, docs []string) ([]plan.Change, error) {
	client, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		return nil, fmt.Errorf("try the chart's objects: %w", err)
	}
	objects, crds := s.objectsIn(docs)
	refusals := make([]plan.Change, len(objects)+1)
	var ofCRDs []plan.Change
	var group errgroup.Group
	group.SetLimit(parallel.Limit)
	for i, o := range objects {
		group.Go(func() (err error) {
			refusals[i], err = s.tryObject(ctx, client, o)
			return err
		})
	}
	group.Go(func() error { refusals[len(objects)] = s.tryNamespace(ctx); return nil })
	group.Go(func() (err error) { ofCRDs, err = s.tryCRDs(ctx, client, crds); return err })
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("try the chart's objects: %w", err)
	}
	return slices.DeleteFunc(append(refusals, ofCRDs...), func(c plan.Change) bool { return c.Action == "" }), nil
}

// trial is one object of the chart.
type trial struct {
	*unstructured.Unstructured

	body    []byte // as JSON
	was     []byte // the same in the manifest of the revision that worked; nil where it is not in it
	mapping *meta.RESTMapping
	unknown error // the server does not know its kind
}

// objectsIn are those that can be tried: what a CRD of the same chart makes known cannot be.
func (s *Step) objectsIn(docs []string) (out, crds []trial) {
	was := s.objectsBefore()
	var defined []string // groups of the chart's own CRDs, and its own namespaces
	for _, doc := range docs {
		body, err := yaml.YAMLToJSON([]byte(doc))
		object := &unstructured.Unstructured{}
		if err != nil || json.Unmarshal(body, &object.Object) != nil || object.GetKind() == "" {
			continue // Helm itself says what is wrong with it
		}
		if strings.Contains(object.GetAnnotations()[release.HookAnnotation], "test") {
			continue // it is made by `helm test` alone
		}
		if object.GetKind() == "Namespace" {
			defined = append(defined, object.GetName())
		}
		if object.GetKind() == stored.CRDKind {
			group, _, _ := unstructured.NestedString(object.Object, "spec", "group")
			defined = append(defined, group)
		}
		t := trial{Unstructured: object, body: body, was: was[keyOf(object, s.Namespace)]}
		gvk := object.GroupVersionKind()
		t.mapping, t.unknown = s.apis.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if object.GetKind() == stored.CRDKind {
			crds = append(crds, t)
		} else {
			out = append(out, t)
		}
	}
	return slices.DeleteFunc(out, func(t trial) bool {
		return t.unknown != nil && slices.Contains(defined, t.GroupVersionKind().Group) || t.GetNamespace() != "" && slices.Contains(defined, t.GetNamespace())
	}), crds
}

// objectsBefore are those of the release's manifest, as JSON.
func (s *Step) objectsBefore() map[string][]byte {
	out := map[string][]byte{}
	if s.seen == nil || s.seen.gone() {
		return out
	}
	for _, doc := range stored.Documents(s.seen.base().Manifest) {
		body, err := yaml.YAMLToJSON([]byte(doc))
		object := &unstructured.Unstructured{}
		if err == nil && json.Unmarshal(body, &object.Object) == nil {
			out[keyOf(object, s.Namespace)] = body
		}
	}
	return out
}

func keyOf(o *unstructured.Unstructured, namespace string) string {
	return o.GroupVersionKind().GroupKind().String() + " " + cmp.Or(o.GetNamespace(), namespace) + "/" + o.GetName()
}

func (t trial) namespaced() bool { return t.mapping.Scope.Name() == meta.RESTScopeNameNamespace }

// tryObject creates it, or where it exists changes it, without either being stored.
func (s *Step) tryObject(ctx context.Context, client dynamic.Interface, t trial) (plan.Change, error) {
	if t.unknown != nil {
		return s.refusal(t, "", t.unknown), nil
	}
	api := dynamic.ResourceInterface(client.Resource(t.mapping.Resource))
	if t.namespaced() {
		if t.GetNamespace() == "" {
			t.SetNamespace(s.Namespace)
		}
		if s.seen.NamespaceGone && t.GetNamespace() == s.Namespace {
			return plan.Change{}, nil
		}
		api = client.Resource(t.mapping.Resource).Namespace(t.GetNamespace())
	}
	if slices.Contains(rbacKinds(), t.GetKind()) { // checkGrants tries it
		return s.judgeStanding(ctx, api, t)
	}
	dry := []string{metav1.DryRunAll}
	if s.verdict.Action != plan.Create { // most of it exists
		live, err := api.Get(ctx, t.GetName(), metav1.GetOptions{})
		if err == nil {
			if c := s.judgeOwner(ctx, t, metav1.ObjectMeta{Labels: live.GetLabels(), Annotations: live.GetAnnotations()}); c.Action != "" {
				return c, nil
			}
			return s.tryChange(ctx, api, t, live)
		}
		if !apierrors.IsNotFound(err) {
			return s.judge(ctx, t, nil, "get", err)
		}
	}
	_, err := api.Create(ctx, t.Unstructured, metav1.CreateOptions{DryRun: dry, FieldManager: sdk.FieldManager})
	if !apierrors.IsAlreadyExists(err) {
		return s.judge(ctx, t, nil, "create", err)
	}
	return s.judgeStanding(ctx, api, t)
}

// tryChange sends the patch that Helm would: of what was, what is to be, and what is there, by the rules of the kind where
// there are some.
func (s *Step) tryChange(ctx context.Context, api dynamic.ResourceInterface, t trial, live *unstructured.Unstructured) (plan.Change, error) {
	body, err := json.Marshal(live)
	if err != nil {
		return plan.Change{}, fmt.Errorf("encode %s: %w", s.resourceOf(t), err)
	}
	was := t.was
	if was == nil {
		was = t.body
	}
	form := types.MergePatchType
	var patch []byte
	if typed, schemeErr := scheme.Scheme.New(t.GroupVersionKind()); schemeErr == nil {
		rules, rulesErr := strategicpatch.NewPatchMetaFromStruct(typed)
		if rulesErr != nil {
			return plan.Change{}, fmt.Errorf("compare %s: %w", s.resourceOf(t), rulesErr)
		}
		form = types.StrategicMergePatchType
		patch, err = strategicpatch.CreateThreeWayMergePatch(was, t.body, body, rules, true)
	} else {
		patch, err = jsonmergepatch.CreateThreeWayJSONMergePatch(was, t.body, body)
	}
	if err != nil {
		return plan.Change{}, fmt.Errorf("compare %s: %w", s.resourceOf(t), err)
	}
	if string(patch) == "{}" {
		return plan.Change{}, nil
	}
	_, err = api.Patch(ctx, t.GetName(), form, patch, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: sdk.FieldManager})
	return s.judge(ctx, t, nil, "change", err)
}

// judgeStanding asks whose the object is that stands in the place of one of the chart's.
func (s *Step) judgeStanding(ctx context.Context, api dynamic.ResourceInterface, t trial) (plan.Change, error) {
	live, err := api.Get(ctx, t.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return plan.Change{}, nil // another run is at work, or the access review says it
	}
	return s.judge(ctx, t, live, "change", err)
}

// judge makes a refusal of what the API server said, or of whose the object is that stands there.
func (s *Step) judge(ctx context.Context, t trial, live *unstructured.Unstructured, verb string, err error) (plan.Change, error) {
	if err != nil {
		warning, gone := refusal.Webhook(err)
		switch {
		case warning != "":
			s.warn(warning)
			return plan.Change{}, nil
		case gone != nil:
			return s.refusal(t, verb, gone), nil
		case refused(err), apierrors.IsNotFound(err): // a namespace that nobody makes
			return s.refusal(t, verb, err), nil
		}
		return plan.Change{}, passes(err)
	}
	if live == nil {
		return plan.Change{}, nil
	}
	return s.judgeOwner(ctx, t, metav1.ObjectMeta{Labels: live.GetLabels(), Annotations: live.GetAnnotations()}), nil
}

// judgeOwner refuses, or adopts, what belongs to another release.
func (s *Step) judgeOwner(ctx context.Context, t trial, live metav1.ObjectMeta) plan.Change {
	standing := sdk.Standing{Kind: t.GetKind(), Name: s.resourceOf(t).String(), Namespaced: t.namespaced(), Owner: owner.Of(live)}
	// A second look tells again what --adopt takes over; CRDs are told with the release.
	if s.mayTake(standing) && (standing.Kind == stored.CRDKind || !s.hasSeenEnd(standing.Owner)) {
		return plan.Change{}
	}
	refused := s.taken([]sdk.Standing{standing})
	if standing.Namespaced || !s.hasEnded(ctx, standing.Owner) {
		return s.refusal(t, "", refused)
	}
	gone := "it belongs to " + standing.Owner.String() + ", which is gone"
	if s.Adopt {
		return plan.Change{Step: stepName, Resource: s.resourceOf(t), Action: plan.Adopt, Reason: "--adopt, and " + gone}
	}
	return s.refusal(t, "", hint.With(refused, gone+": --adopt takes it over, or delete it"))
}

func (s *Step) resourceOf(t trial) plan.Resource {
	namespace := ""
	if t.mapping != nil && t.namespaced() {
		namespace = t.GetNamespace()
	}
	return plan.In(strings.ToLower(t.GetKind()), namespace, t.GetName())
}

// refusal is a blocked change of one object. Without a verb the error says itself what was being done.
func (s *Step) refusal(t trial, verb string, err error) plan.Change {
	resource := s.resourceOf(t)
	return refusal.Of(plan.Change{Step: stepName, Resource: resource}, verb, err)
}

// tryNamespace is for a policy on namespaces.
func (s *Step) tryNamespace(ctx context.Context) plan.Change {
	if !s.makesNamespace() {
		return plan.Change{}
	}
	_, err := s.Client.CoreV1().Namespaces().Create(ctx, s.namespaceObject(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: sdk.FieldManager})
	if err != nil {
		warning, gone := refusal.Webhook(err)
		s.warn(warning)
		if gone != nil || refused(err) {
			return refusal.Of(s.namespaceChange(), "create", cmp.Or(gone, err))
		}
	}
	return plan.Change{}
}

// warn notes what a trial met that does not stop the run.
func (s *Step) warn(text string) {
	s.noting.Lock()
	defer s.noting.Unlock()
	if text != "" {
		s.warnings = words.AddOnce(s.warnings, text)
	}
}
