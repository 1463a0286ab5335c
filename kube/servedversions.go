package kube

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ServedVersions returns the API versions, such as v1beta1, in which the cluster takes both ExternalSecrets and
// SecretStores, sorted; none when there is no operator. It asks discovery, which everybody may, and not the CRDs.
func (e *ExternalSecrets) ServedVersions(ctx context.Context) ([]string, error) {
	var served metav1.APIGroup
	if err := e.discover(ctx, "/apis/"+externalGroup, &served); err != nil {
		return nil, err
	}
	lists, err := inParallel(ctx, served.Versions, func(ctx context.Context, v metav1.GroupVersionForDiscovery) (metav1.APIResourceList, error) {
		var list metav1.APIResourceList
		return list, e.discover(ctx, "/apis/"+v.GroupVersion, &list)
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for i, list := range lists {
		has := func(resource string) bool {
			return slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == resource })
		}
		if has("externalsecrets") && has("secretstores") {
			out = append(out, served.Versions[i].Version)
		}
	}
	slices.Sort(out)
	return out, nil
}
