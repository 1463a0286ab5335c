package helminstall

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/refusal"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// need is one kind of object and what is done to it.
type need struct {
	group, resource string
	clusterWide     bool
	verbs           []string
}

// Permissions lists what the run will need, as far as it can be known before the chart is rendered: what the last
// Observe found decides, and before that a first install is assumed.
func (s *Step) Permissions() []authorizationv1.ResourceAttributes {
	needs := []need{{"", "secrets", false, []string{"list"}}}
	switch {
	case s.seen == nil || s.writes():
		needs = append(needs, s.writeNeeds()...)
	case s.verdict.State == Elsewhere:
		return s.attributes(needs)
	}
	if !s.NoWait {
		needs = append(needs, need{"apps", "deployments", false, []string{"get"}}, need{"", "pods", false, []string{"list"}})
	}
	return s.attributes(needs)
}

// writeNeeds follows what the chart is made of.
func (s *Step) writeNeeds() []need {
	write := []string{"get", "create", "patch"}
	needs := []need{
		{"", "secrets", false, []string{"get", "create", "update", "delete"}},
		{"apiextensions.k8s.io", "customresourcedefinitions", true, write},
		{"rbac.authorization.k8s.io", "clusterroles", true, write},
		{"rbac.authorization.k8s.io", "clusterrolebindings", true, write},
		{"admissionregistration.k8s.io", "validatingwebhookconfigurations", true, write},
		{"rbac.authorization.k8s.io", "roles", false, write},
		{"rbac.authorization.k8s.io", "rolebindings", false, write},
		{"", "serviceaccounts", false, write},
		{"", "services", false, write},
		{"apps", "deployments", false, write},
	}
	if s.makesNamespace() || s.seen == nil && !s.NamespaceMade {
		needs = append(needs, need{"", "namespaces", true, []string{"create"}})
	}
	return needs
}

func (s *Step) attributes(needs []need) []authorizationv1.ResourceAttributes {
	var out []authorizationv1.ResourceAttributes
	for _, n := range needs {
		for _, verb := range n.verbs {
			a := authorizationv1.ResourceAttributes{Group: n.group, Resource: n.resource, Verb: verb, Namespace: s.Namespace}
			if n.clusterWide {
				a.Namespace = ""
			}
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

const rbacHint = "give the caller what the object grants, or the verbs escalate (on roles and clusterroles) and bind (on what a binding " +
	"refers to) of rbac.authorization.k8s.io; see Permissions in the README"

// checkGrants tries the chart's roles and bindings on the API server, which writes nothing: nobody may grant what he does
// not have, unless he may escalate and bind, and no review of a verb tells that
// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping).
func (s *Step) checkGrants(ctx context.Context, docs []string) ([]plan.Change, error) {
	grants := grantsIn(docs, s.Namespace)
	changes := make([]plan.Change, len(grants))
	var group errgroup.Group
	group.SetLimit(parallel.Limit)
	for i, g := range grants {
		group.Go(func() error {
			err := s.tryGrant(ctx, g)
			if err != nil {
				if warning, gone := refusal.Webhook(err); warning != "" || gone != nil {
					s.warn(warning)
					return nil // the chart's other objects tell of one that is gone
				}
			}
			if refused(err) {
				changes[i] = plan.Change{Step: stepName, Resource: plan.In(strings.ToLower(g.Kind), g.Metadata.Namespace, g.Metadata.Name), Action: plan.Blocked, Reason: fmt.Sprintf("create %s: %s", g, words.Brief(err.Error())), Hint: rbacHint}
				return nil
			}
			return passes(err)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("try the chart's roles and bindings: %w", err)
	}
	return slices.DeleteFunc(changes, func(c plan.Change) bool { return c.Action == "" }), nil
}

// refused tells what would be in the way of a write. Whether the caller may create such objects at all is asked with all else
// that the run needs, and a webhook that cannot be asked without a write says nothing.
func refused(err error) bool {
	if !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
		return false
	}
	if strings.Contains(err.Error(), "because it is being terminated") {
		return false // another run is at work, and this one looks again
	}
	return !strings.Contains(err.Error(), "cannot create resource") && !strings.Contains(err.Error(), "does not support dry run")
}

// passes lets by what says nothing against the write: that the object is there means that it was judged before.
func passes(err error) error {
	if err == nil || apierrors.IsAlreadyExists(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) {
		return nil
	}
	return err
}

// grant is a role or a binding of the chart.
type grant struct {
	Kind     string              `json:"kind"`
	Metadata metav1.ObjectMeta   `json:"metadata"`
	Rules    []rbacv1.PolicyRule `json:"rules"`
	Subjects []rbacv1.Subject    `json:"subjects"`
	RoleRef  rbacv1.RoleRef      `json:"roleRef"`

	AggregationRule *rbacv1.AggregationRule `json:"aggregationRule"`
}

// String is kind/name or kind/namespace/name, as in a plan.
func (g grant) String() string {
	return strings.ToLower(g.Kind) + "/" + stored.Object{Namespace: g.Metadata.Namespace, Name: g.Metadata.Name}.String()
}

// grantsIn lists the roles and bindings among documents; those without a namespace are in the release's.
func grantsIn(docs []string, namespace string) []grant {
	var out []grant
	for _, doc := range docs {
		kind := slices.IndexFunc(rbacKinds(), func(kind string) bool { return stored.OfKind(doc, kind) })
		var g grant
		if kind < 0 || yaml.Unmarshal([]byte(doc), &g) != nil {
			continue // Helm itself says what is wrong with it
		}
		switch {
		case strings.HasPrefix(g.Kind, "Cluster"):
			g.Metadata.Namespace = ""
		case g.Metadata.Namespace == "":
			g.Metadata.Namespace = namespace
		}
		out = append(out, g)
	}
	return out
}

func rbacKinds() []string {
	return []string{"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
}

func (s *Step) tryGrant(ctx context.Context, g grant) error {
	api, opts := s.Client.RbacV1(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: sdk.FieldManager}
	switch g.Kind {
	case "ClusterRole":
		_, err := api.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: g.Metadata, Rules: g.Rules, AggregationRule: g.AggregationRule}, opts)
		return err
	case "Role":
		if s.seen.NamespaceGone && g.Metadata.Namespace == s.Namespace {
			return s.tryRoleAnywhere(ctx, g)
		}
		_, err := api.Roles(g.Metadata.Namespace).Create(ctx, &rbacv1.Role{ObjectMeta: g.Metadata, Rules: g.Rules}, opts)
		if apierrors.IsNotFound(err) {
			return s.tryRoleAnywhere(ctx, g)
		}
		return err
	case "ClusterRoleBinding":
		return s.tryBinding(ctx, g, func() error {
			_, err := api.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: g.Metadata, Subjects: g.Subjects, RoleRef: g.RoleRef}, opts)
			return err
		})
	}
	return s.tryBinding(ctx, g, func() error {
		_, err := api.RoleBindings(g.Metadata.Namespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: g.Metadata, Subjects: g.Subjects, RoleRef: g.RoleRef}, opts)
		return err
	})
}

// tryRoleAnywhere stands in for a Role whose namespace is yet to be made: there the caller has what he has everywhere.
func (s *Step) tryRoleAnywhere(ctx context.Context, g grant) error {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: g.Metadata.Name + "-"}, Rules: g.Rules}
	var may bool
	var refusal error
	var group errgroup.Group
	group.Go(func() (err error) {
		may, err = s.may(ctx, "escalate", "roles", g.Metadata.Namespace, g.Metadata.Name)
		return err
	})
	group.Go(func() error {
		_, refusal = s.Client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: sdk.FieldManager})
		return nil
	})
	if err := group.Wait(); err != nil || may {
		return err
	}
	return refusal
}

// tryBinding asks about bind at the same time: the API server cannot look up a role that the same run makes. Whoever may
// create that role because he has all that it grants may bind it as well; whoever may since he may escalate needs bind too.
func (s *Step) tryBinding(ctx context.Context, g grant, try func() error) error {
	resource := strings.ToLower(g.RoleRef.Kind) + "s"
	inRole := ""
	if resource == "roles" {
		inRole = g.Metadata.Namespace
	}
	var refusal error
	var bind, escalate bool
	var group errgroup.Group
	group.Go(func() error { refusal = try(); return nil })
	group.Go(func() (err error) {
		bind, err = s.may(ctx, "bind", resource, g.Metadata.Namespace, g.RoleRef.Name)
		return err
	})
	group.Go(func() (err error) {
		escalate, err = s.may(ctx, "escalate", resource, inRole, g.RoleRef.Name)
		return err
	})
	switch err := group.Wait(); {
	case err != nil:
		return err
	case !apierrors.IsNotFound(refusal):
		return refusal
	case bind || !escalate: // else the role itself is judged by what it grants
		return nil
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: rbacv1.GroupName, Resource: strings.ToLower(g.Kind) + "s"}, g.Metadata.Name,
		fmt.Errorf("the caller may escalate %s and not bind %s %s", resource, g.RoleRef.Kind, g.RoleRef.Name))
}

// may asks the API server about a verb of RBAC's.
func (s *Step) may(ctx context.Context, verb, resource, namespace, name string) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Group: rbacv1.GroupName, Resource: resource, Verb: verb, Namespace: namespace, Name: name},
	}}
	answer, err := s.Client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("ask whether the caller may %s %s: %w", verb, resource, err)
	}
	return answer.Status.Allowed, nil
}
