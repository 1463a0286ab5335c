package bootstrap

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// operatorStep is the step of the operator's release, with a look at the gen3 release that is to use it: whether the two
// speak the same version of the API.
type operatorStep struct {
	*helminstall.Step

	find    func(context.Context) (*helminstall.Gen3Release, []string, error)
	version string // --gen3-version
	irsa    bool

	found  *helminstall.Gen3Release // nil: none is known
	shared sharedRelease
	passed []string // warnings of the search
}

// findGen3 looks for the gen3 release in the namespace.
func (t *target) findGen3(ctx context.Context) (*helminstall.Gen3Release, []string, error) {
	return helminstall.FindGen3(ctx, t.kube, t.settings.Namespace) // it names the namespace
}

// Observe looks at both at the same time.
func (o *operatorStep) Observe(ctx context.Context) (changes []plan.Change, err error) {
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { changes, err = o.observeRelease(gctx); return err })
	group.Go(func() (err error) { o.found, o.passed, err = o.find(gctx); return err })
	return changes, group.Wait() // each says what it was doing
}

// Warnings are the step's, and what does not fit between operator and gen3.
func (o *operatorStep) Warnings() []string {
	out := append(o.Step.Warnings(), o.passed...)
	served, whose := o.Serves()
	if text := gen3Misfit(o.version, o.found, served, whose); text != "" {
		out = append(out, text)
	}
	return append(out, valuesInTheWay(o.version, o.found, o.irsa)...)
}

// installedGen3 is the version of the chart that a release is of; "" where there is none, or what is stored of the release,
// in a Secret of the namespace, is no version.
func installedGen3(found *helminstall.Gen3Release) string {
	if found == nil {
		return ""
	}
	if _, err := parseGen3(found.Version); err != nil {
		return ""
	}
	return found.Version
}

// valuesInTheWay says which values of an installed release, which is or will be of a version, keep it from using what up
// made.
func valuesInTheWay(version string, found *helminstall.Gen3Release, irsa bool) []string {
	var out []string
	if version == "" && found != nil && installedGen3(found) == "" {
		out = append(out, fmt.Sprintf("release %s is of gen3 chart %q by what is stored of it, which is no version: it is taken as unknown, unless --gen3-version says it", found.Name, found.Version))
	}
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
func withoutCredentials(version string, found *helminstall.Gen3Release) string {
	if found == nil || !found.LocalSecret {
		return ""
	}
	chart, err := parseGen3(cmp.Or(version, installedGen3(found)))
	if err != nil || !chart.dropsLocalSecret() { // of an unknown one nothing can be said
		return ""
	}
	return fmt.Sprintf("release %s has global.aws.useLocalSecret.enabled in its values, which leaves the SecretStore of gen3 chart %s without any credentials: take it out",
		found.Name, chart)
}

// gen3Misfit says where the API versions that gen3 uses, or will use, are not those that the cluster serves. What an
// installed release uses stands in its manifest; a version that was given, or the newest one, is judged by what is known
// of it.
func gen3Misfit(version string, found *helminstall.Gen3Release, served []string, whose string) string {
	if len(served) == 0 {
		return ""
	}
	if version == "" && found != nil {
		missing := slices.DeleteFunc(slices.Clone(found.APIs), func(v string) bool { return slices.Contains(served, v) })
		if len(missing) == 0 {
			return ""
		}
		return fmt.Sprintf("release %s of gen3 chart %s uses %s, and %s serve %s: %s", found.Name, cmp.Or(found.Version, "of an unknown version"), apiList(missing), whose, apiList(served), cureFor(missing))
	}
	which := "gen3 chart " + version
	if version == "" {
		version = NewestGen3
		which = "gen3 chart " + version + ", the newest known (--gen3-version says another),"
	}
	chart, err := parseGen3(version)
	if err != nil {
		return "" // Check has said so
	}
	if why := chart.misfit(served); why != "" {
		return fmt.Sprintf("%s %s, and %s serve %s", which, why, whose, apiList(served))
	}
	return ""
}

// cureFor says how an installed release comes to versions that are served.
func cureFor(missing []string) string {
	if slices.Contains(missing, apiV1Beta1) {
		return fmt.Sprintf("chart %s %s serves both; gen3 uses %s from chart 0.3.86 on, but for its subcharts %s",
			helminstall.DefaultChart, helminstall.DefaultVersion, apiV1, strings.Join(onlyV1Beta1(), ", "))
	}
	return fmt.Sprintf("chart %s %s serves both; or set global.externalSecrets.apiVersion, as `gen3-bootstrap values` does", helminstall.DefaultChart, helminstall.DefaultVersion)
}
