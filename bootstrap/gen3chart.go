package bootstrap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// NewestGen3 is the newest version of the gen3 chart that is known here; newer ones are taken to be like it.
const NewestGen3 = "0.3.90"

// The API of External Secrets, as a gen3 chart's values spell it.
const (
	externalAPI = "external-secrets.io/"
	apiV1       = "v1"
	apiV1Beta1  = "v1beta1"
)

// gen3Chart is one version of gen3's umbrella chart. What is said of it was read from the tags gen3-<version> of
// https://github.com/uc-cdis/gen3-helm.
type gen3Chart struct{ version *semver.Version }

func parseGen3(version string) (gen3Chart, error) {
	v, err := semver.NewVersion(version)
	if err != nil {
		return gen3Chart{}, fmt.Errorf("%q is not a version", version)
	}
	if v.Equal(semver.MustParse("0.0.0")) { // what the chart in the repository is called until it is released
		v = semver.MustParse(NewestGen3)
	}
	return gen3Chart{v}, nil
}

// givenGen3 is the chart that --gen3-version names.
func givenGen3(version string) (gen3Chart, error) {
	chart, err := parseGen3(version)
	if err != nil {
		return chart, hint.With(fmt.Errorf("--gen3-version %w", err), "give the version of the gen3 chart, such as "+NewestGen3+"; `helm list` shows the installed one")
	}
	return chart, nil
}

func (g gen3Chart) String() string { return g.version.Original() }

func (g gen3Chart) since(version string) bool { return !g.version.LessThan(semver.MustParse(version)) }

// unknown reports that the chart is newer than what is known here.
func (g gen3Chart) unknown() bool { return g.version.GreaterThan(semver.MustParse(NewestGen3)) }

// takesKeys reports whether the chart's SecretStore can read an access key. From 0.1.69 on its secretRef was a comment.
func (g gen3Chart) takesKeys() bool { return !g.since("0.1.69") || g.since("0.2.141") }

// dropsLocalSecret reports whether global.aws.useLocalSecret leaves the SecretStore without credentials, those of a role
// included: from 0.1.69 on what it switches on is a comment.
func (g gen3Chart) dropsLocalSecret() bool { return g.since("0.1.69") }

// takesRole reports whether the chart knows global.aws.secretStoreServiceAccount.
func (g gen3Chart) takesRole() bool { return g.since("0.1.36") }

// choosesAPI reports whether the chart has the value global.externalSecrets.apiVersion.
func (g gen3Chart) choosesAPI() bool { return g.since("0.3.61") }

// api is the version that the chart uses unless its values say another.
func (g gen3Chart) api() string {
	if g.since("0.3.86") {
		return apiV1
	}
	return apiV1Beta1
}

// apiFor is the version to choose where the cluster serves these; "" leaves the choice to the chart.
func (g gen3Chart) apiFor(served []string) string {
	for _, version := range []string{apiV1, apiV1Beta1} {
		if g.choosesAPI() && slices.Contains(served, version) {
			return version
		}
	}
	return ""
}

// onlyV1Beta1 are the subcharts whose API version no value changes, in any chart up to the newest known.
func onlyV1Beta1() []string {
	return []string{"datareplicate", "gen3-embeddings", "ohdsi-webapi", "vectis-overlays", "zendesk-wrapper"}
}

// localSecretsValue is the value that has the databases' credentials made in the cluster and not read from AWS.
func (g gen3Chart) localSecretsValue() string {
	if g.since("0.2.87") {
		return "global.externalSecrets.createLocalK8sSecret"
	}
	return "global.externalSecrets.dbCreate"
}

// misfit says why the chart's objects would be refused by a cluster that serves these versions, or "".
func (g gen3Chart) misfit(served []string) string {
	switch {
	case len(served) == 0 || slices.Contains(served, g.api()):
		return ""
	case g.choosesAPI():
		return fmt.Sprintf("uses %s%s unless its values name %s%s as global.externalSecrets.apiVersion, which `gen3-bootstrap values` does",
			externalAPI, g.api(), externalAPI, g.apiFor(served))
	default:
		return fmt.Sprintf("uses %s%s only", externalAPI, g.api())
	}
}

// apiList writes versions as they stand in an apiVersion.
func apiList(versions []string) string {
	return externalAPI + strings.Join(versions, " and "+externalAPI)
}
