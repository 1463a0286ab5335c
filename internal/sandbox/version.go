package sandbox

import (
	apiversion "k8s.io/apimachinery/pkg/version"
	utilcompatibility "k8s.io/apiserver/pkg/util/compatibility"
	basecompatibility "k8s.io/component-base/compatibility"
)

// KubernetesVersion is the version of the module k8s.io/kubernetes in go.mod.
const KubernetesVersion = "v1.37.2"

// serverVersion reports KubernetesVersion at /version. Without it a binary that
// was built without upstream's linker flags, such as a test, reports a string
// that Helm cannot parse.
type serverVersion struct {
	basecompatibility.MutableEffectiveVersion
}

func newServerVersion() serverVersion {
	return serverVersion{utilcompatibility.DefaultBuildEffectiveVersion()}
}

// Info returns the version information of the API server.
func (v serverVersion) Info() *apiversion.Info {
	info := v.MutableEffectiveVersion.Info()
	info.GitVersion = KubernetesVersion
	info.GitCommit, info.GitTreeState = "", ""
	return info
}
