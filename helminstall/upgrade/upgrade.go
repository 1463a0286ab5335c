// Package upgrade says what it means that a release gets another chart: API versions of External Secrets that are served no more, and who
// still asks for them; CRDs that change; the operator's image; who uses the operator. It only reads.
package upgrade

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Upgrade is what one chart makes compared with another.
type Upgrade struct {
	Fields []plan.Field // of the plan's row
	Gone   []Gone       // what is served no more
	kinds  []crd        // after it, those of which namespaces have objects
}

// Gone is an API version that the new CRDs do not serve, and the old ones did.
type Gone struct {
	GroupVersion string // such as external-secrets.io/v1beta1
	Kind         string
	resource     schema.GroupVersionResource // by which the kind is still read
}

// Users is the field that names the namespaces which use the operator. It is the same before and after.
const Users = "who uses the operator"

// crd is what matters of a definition in a manifest.
type crd struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind   string `json:"kind"`
			Plural string `json:"plural"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
		} `json:"versions"`
	} `json:"spec"`
}

func (c crd) name() string { return c.Spec.Names.Plural + "." + c.Spec.Group }

func (c crd) served() []string {
	var out []string
	for _, v := range c.Spec.Versions {
		if v.Served {
			out = append(out, v.Name)
		}
	}
	return out
}

// Compare takes the documents of two charts, the one in place and the one to come.
func Compare(before, after []string) Upgrade {
	var u Upgrade
	old, next := crdsOf(before), crdsOf(after)
	var was, is []string
	for _, c := range old {
		was = append(was, c.name()+" serves "+strings.Join(c.served(), ", "))
	}
	for _, c := range next {
		is = append(is, c.name()+" serves "+strings.Join(c.served(), ", "))
		for _, o := range old {
			if o.name() != c.name() {
				continue
			}
			for _, version := range words.Without(o.served(), c.served()) {
				u.Gone = append(u.Gone, Gone{
					GroupVersion: c.Spec.Group + "/" + version, Kind: c.Spec.Names.Kind,
					resource: schema.GroupVersionResource{Group: c.Spec.Group, Version: version, Resource: c.Spec.Names.Plural},
				})
			}
		}
	}
	u.kinds = slices.DeleteFunc(old, func(c crd) bool {
		return !slices.Contains([]string{"externalsecrets.external-secrets.io", "pushsecrets.external-secrets.io"}, c.name()) || len(c.served()) == 0
	})
	slices.Sort(was)
	slices.Sort(is)
	add := func(name string, before, after []string) {
		if !slices.Equal(before, after) {
			u.Fields = append(u.Fields, plan.Field{Name: name, Before: before, After: after})
		}
	}
	if len(is) > 0 { // a chart that makes no CRDs leaves those that are there
		add("CRDs", was, is)
	}
	add("images", imagesOf(before), imagesOf(after))
	return u
}

func crdsOf(docs []string) []crd {
	var out []crd
	for _, doc := range docs {
		var c crd
		if stored.OfKind(doc, stored.CRDKind) && yaml.Unmarshal([]byte(doc), &c) == nil && c.Spec.Group != "" {
			out = append(out, c)
		}
	}
	return out
}

// imagesOf are those that the Deployments of a chart run.
func imagesOf(docs []string) []string {
	var out []string
	for _, doc := range docs {
		var d struct {
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct {
							Image string `json:"image"`
						} `json:"containers"`
					} `json:"spec"`
				} `json:"template"`
			} `json:"spec"`
		}
		if !stored.OfKind(doc, "Deployment") || yaml.Unmarshal([]byte(doc), &d) != nil {
			continue
		}
		for _, c := range d.Spec.Template.Spec.Containers {
			out = words.AddOnce(out, c.Image)
		}
	}
	slices.Sort(out)
	return out
}

// operator begins the names under which the operator itself writes objects: it follows the CRDs.
const operator = "external-secrets"

// Ask finds out in the whole cluster who still asks for what is gone, as objects tell by who manages their fields and in which API version,
// and who uses the operator. What may not be listed is said.
func (u *Upgrade) Ask(ctx context.Context, client metadata.Interface) (warnings []string, err error) {
	asked := make([][]string, len(u.Gone))
	used := make([]map[string]int, len(u.kinds))
	var unread []string
	var group errgroup.Group
	errs := make([]error, len(u.Gone)+len(u.kinds))
	for i, gone := range u.Gone {
		group.Go(func() error {
			errs[i] = each(ctx, client, gone.resource, func(o *metav1.PartialObjectMetadata) {
				if by := asks(o, gone.GroupVersion); by != "" {
					asked[i] = append(asked[i], fmt.Sprintf("%s (%s)", strings.TrimPrefix(o.Namespace+"/"+o.Name, "/"), by))
				}
			})
			return nil
		})
	}
	for i, kind := range u.kinds {
		used[i] = map[string]int{}
		group.Go(func() error {
			resource := schema.GroupVersionResource{Group: kind.Spec.Group, Version: kind.served()[0], Resource: kind.Spec.Names.Plural}
			errs[len(u.Gone)+i] = each(ctx, client, resource, func(o *metav1.PartialObjectMetadata) { used[i][o.Namespace]++ })
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	for _, e := range errs {
		switch {
		case apierrors.IsForbidden(e):
			unread = words.AddOnce(unread, "who uses the operator, and in which API versions, may not be listed in all namespaces")
		case e != nil && !apierrors.IsNotFound(e):
			return nil, fmt.Errorf("list who uses the operator: %w", e)
		}
	}
	u.uses(used)
	return append(u.tell(asked), unread...), nil
}

func each(ctx context.Context, client metadata.Interface, resource schema.GroupVersionResource, visit func(*metav1.PartialObjectMetadata)) error {
	return pages.Each(ctx, func(ctx context.Context, o metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
		return client.Resource(resource).List(ctx, o)
	}, metav1.ListOptions{}, visit)
}

// asks says who applies an object in an API version; "" where nobody but the operator does.
func asks(o *metav1.PartialObjectMetadata, version string) string {
	for _, f := range o.ManagedFields {
		if f.APIVersion == version && f.Manager != operator {
			return f.Manager
		}
	}
	return ""
}

// uses makes a field of what namespaces have.
func (u *Upgrade) uses(counted []map[string]int) {
	total := map[string][]string{}
	for i, kind := range u.kinds {
		for namespace, n := range counted[i] {
			total[namespace] = append(total[namespace], words.Counted(n, kind.Spec.Names.Kind))
		}
	}
	var out []string
	for namespace, parts := range total {
		out = append(out, "namespace "+namespace+": "+strings.Join(parts, ", "))
	}
	slices.Sort(out)
	if len(out) > 0 {
		u.Fields = append(u.Fields, plan.Field{Name: Users, Before: out, After: out})
	}
}

// tell warns of each version that goes.
func (u *Upgrade) tell(asked [][]string) []string {
	byVersion := map[string][]string{}
	var order []string
	for i, gone := range u.Gone {
		order = words.AddOnce(order, gone.GroupVersion)
		for _, who := range asked[i] {
			byVersion[gone.GroupVersion] = append(byVersion[gone.GroupVersion], gone.Kind+" "+who)
		}
	}
	var out []string
	for _, version := range order {
		who := byVersion[version]
		slices.Sort(who)
		text := "the new chart stops serving " + version + ": what still applies objects in it, such as an older gen3 chart, will fail"
		if len(who) > 0 {
			text += ". " + words.Counted(len(who), "object") + " are applied in it: " + words.Few(who)
		} else {
			text += ". No object in the cluster is applied in it"
		}
		out = append(out, text)
	}
	return out
}
