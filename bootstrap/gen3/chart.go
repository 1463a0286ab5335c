// Package gen3 owns what is known of the gen3 chart: which version takes which values, and whether an installed release can use what up
// makes. Of the cluster it reads stored releases alone; it writes nothing.
package gen3

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Newest is the newest version of the gen3 chart that is known here; newer ones are taken to be like it.
const Newest = "0.3.90"

// The API of External Secrets, as a gen3 chart's values spell it.
const (
	APIPrefix = "external-secrets.io/"
	V1        = "v1"
	V1Beta1   = "v1beta1"
)

// Chart is one version of gen3's umbrella chart. What is said of it was read from the tags gen3-<version> of
// https://github.com/uc-cdis/gen3-helm.
type Chart struct{ version *semver.Version }

// Parse reads a version of the chart. What is none is an error that quotes it.
func Parse(version string) (Chart, error) {
	v, err := semver.NewVersion(version)
	if err != nil {
		return Chart{}, fmt.Errorf("%q is not a version", version)
	}
	if v.Equal(semver.MustParse("0.0.0")) { // what the chart in the repository is called until it is released
		v = semver.MustParse(Newest)
	}
	return Chart{v}, nil
}

// Given is the chart that --gen3-version names.
func Given(version string) (Chart, error) {
	chart, err := Parse(version)
	if err != nil {
		return chart, hint.With(fmt.Errorf("--gen3-version %w", err), "give the version of the gen3 chart, such as "+Newest+"; `helm list` shows the installed one")
	}
	return chart, nil
}

func (g Chart) String() string { return g.version.Original() }

func (g Chart) since(version string) bool { return !g.version.LessThan(semver.MustParse(version)) }

// Unknown reports that the chart is newer than what is known here.
func (g Chart) Unknown() bool { return g.version.GreaterThan(semver.MustParse(Newest)) }

// TakesKeys reports whether the chart's SecretStore can read an access key. From 0.1.69 on its secretRef was a comment.
func (g Chart) TakesKeys() bool { return !g.since("0.1.69") || g.since("0.2.141") }

// dropsLocalSecret reports whether global.aws.useLocalSecret leaves the SecretStore without credentials, those of a role
// included: from 0.1.69 on what it switches on is a comment.
func (g Chart) dropsLocalSecret() bool { return g.since("0.1.69") }

// TakesRole reports whether the chart knows global.aws.secretStoreServiceAccount.
func (g Chart) TakesRole() bool { return g.since("0.1.36") }

// ChoosesAPI reports whether the chart has the value global.externalSecrets.apiVersion.
func (g Chart) ChoosesAPI() bool { return g.since("0.3.61") }

// API is the version that the chart uses unless its values say another.
func (g Chart) API() string {
	if g.since("0.3.86") {
		return V1
	}
	return V1Beta1
}

// APIFor is the version to choose where the cluster serves these; "" leaves the choice to the chart.
func (g Chart) APIFor(served []string) string {
	for _, version := range []string{V1, V1Beta1} {
		if g.ChoosesAPI() && slices.Contains(served, version) {
			return version
		}
	}
	return ""
}

// onlyV1Beta1 are the subcharts whose API version no value changes, in any chart up to the newest known.
func onlyV1Beta1() []string {
	return []string{"datareplicate", "gen3-embeddings", "ohdsi-webapi", "vectis-overlays", "zendesk-wrapper"}
}

// LocalSecretsValue is the value that has the databases' credentials made in the cluster and not read from AWS.
func (g Chart) LocalSecretsValue() string {
	if g.since("0.2.87") {
		return "global.externalSecrets.createLocalK8sSecret"
	}
	return "global.externalSecrets.dbCreate"
}

// Misfit says why the chart's objects would be refused by a cluster that serves these versions, or "".
func (g Chart) Misfit(served []string) string {
	switch {
	case len(served) == 0 || slices.Contains(served, g.API()):
		return ""
	case g.ChoosesAPI():
		return fmt.Sprintf("uses %s%s unless its values name %s%s as global.externalSecrets.apiVersion, which `gen3-bootstrap values` does",
			APIPrefix, g.API(), APIPrefix, g.APIFor(served))
	default:
		return fmt.Sprintf("uses %s%s only", APIPrefix, g.API())
	}
}

// APIList writes versions as they stand in an apiVersion.
func APIList(versions []string) string {
	return APIPrefix + strings.Join(versions, " and "+APIPrefix)
}
