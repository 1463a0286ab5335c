package external

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/rawget"
)

// storeKinds are the resources that a gen3 chart makes.
func storeKinds() []string { return []string{"externalsecrets", "secretstores"} }

// ServedVersions returns the API versions, such as v1beta1, in which the cluster takes both ExternalSecrets and
// SecretStores, sorted; none when there is no operator. The CRDs tell it at once; who may not read them asks discovery,
// which shows a new CRD a little later.
func (e *Objects) ServedVersions(ctx context.Context) ([]string, error) {
	served, err := parallel.Map(ctx, storeKinds(), e.versionsOf)
	if apierrors.IsForbidden(err) {
		return e.discoverVersions(ctx)
	}
	if err != nil {
		return nil, err
	}
	both := slices.DeleteFunc(served[0], func(v string) bool { return !slices.Contains(served[1], v) })
	slices.Sort(both)
	return both, nil
}

// versionsOf reads which versions a CRD serves.
func (e *Objects) versionsOf(ctx context.Context, resource string) ([]string, error) {
	name := resource + "." + externalGroup
	body, err := rawget.Do(ctx, e.client.Discovery().RESTClient().Get().AbsPath("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", name))
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string `json:"name"`
				Served bool   `json:"served"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err == nil {
		err = json.Unmarshal(body, &crd)
	}
	if err != nil {
		return nil, fmt.Errorf("get CRD %s: %w", name, err)
	}
	var out []string
	for _, v := range crd.Spec.Versions {
		if v.Served {
			out = append(out, v.Name)
		}
	}
	return out, nil
}

func (e *Objects) discoverVersions(ctx context.Context) ([]string, error) {
	group, lists, err := e.versions(ctx, externalGroup)
	var out []string
	for i, list := range lists {
		var names []string
		for _, r := range list.APIResources {
			names = append(names, r.Name)
		}
		if slices.Contains(names, storeKinds()[0]) && slices.Contains(names, storeKinds()[1]) {
			out = append(out, group.Versions[i].Version)
		}
	}
	slices.Sort(out)
	return out, err
}
