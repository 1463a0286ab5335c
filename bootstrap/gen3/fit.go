package gen3

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
)

// Installed is the version of the chart that a release is of; "" where there is none, or what is stored of the release,
// in a Secret of the namespace, is no version.
func Installed(found *Release) string {
	if found == nil {
		return ""
	}
	if _, err := Parse(found.Version); err != nil {
		return ""
	}
	return found.Version
}

// ValuesInTheWay says which values of an installed release, which is or will be of a version, keep it from using what up
// made.
func ValuesInTheWay(version string, found *Release, irsa bool) []string {
	var out []string
	if text := withoutCredentials(version, found); text != "" {
		out = append(out, text)
	}
	if irsa && found != nil && found.Crossplane {
		out = append(out, fmt.Sprintf("release %s has global.crossplane.enabled in its values, with which the gen3 chart names a role of Crossplane's on the ServiceAccount and ignores secretStoreServiceAccount.roleArn",
			found.Name))
	}
	return out
}

// withoutCredentials says that the values of an installed release, which is or will be of a version, take the
// credentials from its SecretStore.
func withoutCredentials(version string, found *Release) string {
	if found == nil || !found.LocalSecret {
		return ""
	}
	chart, err := Parse(cmp.Or(version, Installed(found)))
	if err != nil || !chart.dropsLocalSecret() { // of an unknown one nothing can be said
		return ""
	}
	return fmt.Sprintf("release %s has global.aws.useLocalSecret.enabled in its values, which leaves the SecretStore of gen3 chart %s without any credentials: take it out",
		found.Name, chart)
}

// Misfit says where the API versions that gen3 uses, or will use, are not those that the cluster serves. What an
// installed release uses stands in its manifest; a version that was given, or the newest one, is judged by what is known
// of it.
func Misfit(version string, found *Release, served []string, whose string) string {
	if len(served) == 0 {
		return ""
	}
	if version == "" && found != nil {
		missing := slices.DeleteFunc(slices.Clone(found.APIs), func(v string) bool { return slices.Contains(served, v) })
		if len(missing) == 0 {
			return ""
		}
		return fmt.Sprintf("release %s of gen3 chart %s uses %s, and %s serve %s: %s", found.Name, cmp.Or(found.Version, "of an unknown version"), APIList(missing), whose, APIList(served), cureFor(missing))
	}
	which := "gen3 chart " + version
	if version == "" {
		version = Newest
		which = "gen3 chart " + version + ", the newest known (--gen3-version says another),"
	}
	chart, err := Parse(version)
	if err != nil {
		return "" // Check has said so
	}
	if why := chart.Misfit(served); why != "" {
		return fmt.Sprintf("%s %s, and %s serve %s", which, why, whose, APIList(served))
	}
	return ""
}

// cureFor says how an installed release comes to versions that are served.
func cureFor(missing []string) string {
	if slices.Contains(missing, V1Beta1) {
		return fmt.Sprintf("chart %s %s serves both; gen3 uses %s from chart 0.3.86 on, but for its subcharts %s",
			chartsource.DefaultChart, chartsource.DefaultVersion, V1, strings.Join(onlyV1Beta1(), ", "))
	}
	return fmt.Sprintf("chart %s %s serves both; or set global.externalSecrets.apiVersion, as `gen3-bootstrap values` does", chartsource.DefaultChart, chartsource.DefaultVersion)
}
