package sdk

import (
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
)

// The charts of the operator before 0.16 let a webhook of its own convert the objects of their CRDs. Later operators have
// none, and while a CRD still asks for one, no object can be read in another version than the one it is stored in. An
// upgrade takes the setting away, but Helm does not where it adopts a CRD: it takes the new text for what was there before.

// withConversion is the original of a CRD with the conversion that it has in the cluster, so that comparing it with a
// target that has none takes it away; originals come back as they are in every other case.
func withConversion(originals kube.ResourceList, target *resource.Info, reads *readAhead) kube.ResourceList {
	if target.Mapping.GroupVersionKind.Kind != stored.CRDKind || len(originals) == 0 {
		return originals
	}
	wanted, ok := target.Object.(*unstructured.Unstructured)
	if !ok {
		return originals
	}
	if _, has, _ := unstructured.NestedFieldNoCopy(wanted.Object, "spec", "conversion"); has {
		return originals
	}
	live := reads.live(target)
	if live == nil || live.Spec.Conversion["strategy"] != "Webhook" {
		return originals
	}
	original := *originals[0]
	before, ok := original.Object.(*unstructured.Unstructured)
	if !ok {
		return originals
	}
	before = before.DeepCopy()
	if unstructured.SetNestedMap(before.Object, live.Spec.Conversion, "spec", "conversion") != nil {
		return originals
	}
	original.Object = before
	return kube.ResourceList{&original}
}
