package cli

import (
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
)

// target says which account, cluster and namespace a run is for, and how long it may take.
func (in *inputs) target() group {
	s := &in.settings
	return group{"target", []option{
		{name: "account", arg: "ID", into: &s.Account, fallback: "an error", usage: "AWS account, 12 digits; the credentials must be of this one"},
		{name: "region", arg: "REGION", into: &s.Region, fallback: "AWS_REGION, AWS_DEFAULT_REGION", env: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}, usage: "AWS region whose secrets are to be read"},
		{name: "profile", arg: "NAME", into: &s.Profile, fallback: "the AWS SDK's own choice", usage: "profile of the AWS configuration files"},
		{name: "kubeconfig", arg: "FILE", into: &s.Kubeconfig, fallback: "$KUBECONFIG or ~/.kube/config", usage: "kubectl configuration"},
		{name: "context", alias: "kube-context", arg: "NAME", into: &s.Context, fallback: "the current one", usage: "context of the kubectl configuration"},
		{name: "namespace", short: "n", arg: "NAME", into: &s.Namespace, fallback: "the context's", usage: "namespace of the Gen3 release"},
		{name: "create-namespace", into: &s.CreateNamespace, usage: "create that namespace when it does not exist"},
		{name: "allow-cluster-elsewhere", into: &s.AllowElsewhere, usage: "take a cluster of another account or region than those given"},
		{name: "timeout", arg: "DURATION", into: &s.Timeout, usage: "limit for the whole run"},
		{name: "lock-timeout", arg: "DURATION", into: &s.LockTimeout, usage: "how long to wait for another run in this namespace"},
		{name: "unset", arg: "FLAG", into: &s.Unset, argvOnly: true, usage: "have a flag that is recorded go back to its default"},
		{name: "yes", short: "y", into: &s.Yes, argvOnly: true, usage: "do not ask before something is deleted"},
	}}
}

// printing says what is written where.
func (in *inputs) printing() group {
	return group{"output", []option{
		{name: "output", short: "o", arg: "FORMAT", into: &in.output, choices: []string{outputText, outputJSON, outputYAML, outputMarkdown}, usage: "text, json or yaml for one document on stdout, or markdown for a comment"},
		{name: "no-color", into: &in.noColor, usage: "no colour; so do NO_COLOR, TERM=dumb and any output that is not a terminal"},
		{name: "verbose", alias: "debug", into: &in.verbose, usage: "log each call with its duration to stderr, and what else developers want to know"},
		{name: "all", into: &in.settings.All, usage: "name everything in a long list, not only the first ten (JSON always does)"},
		{name: "quiet", short: "q", into: &in.quiet, usage: "on stderr only warnings and errors"},
	}}
}

// timing is what tests of crashes and lost replies shorten.
func (in *inputs) timing() group {
	t := &in.settings.Timing
	return group{"timing", []option{
		{name: "lease-duration", arg: "DURATION", into: &t.Lease, hidden: true, usage: "life of the lock without a renewal"},
		{name: "mint-deadline", arg: "DURATION", into: &t.MintDeadline, hidden: true, usage: "after which an announced key is no longer asked for"},
		{name: "settle", arg: "DURATION", into: &t.Settle, hidden: true, usage: "how long IAM may lag behind a write"},
		{name: "poll-interval", arg: "DURATION", into: &t.Poll, hidden: true, usage: "first pause between two looks"},
		{name: "refresh-limit", arg: "DURATION", into: &t.Refresh, hidden: true, usage: "how long the operator may take to read anew"},
		{name: "mount-lag", arg: "DURATION", into: &t.MountLag, hidden: true, usage: "how long a pod may see the old files of a Secret that changed"},
		{name: "request-timeout", arg: "DURATION", into: &t.Request, hidden: true, usage: "limit for one attempt of one request"},
	}}
}

// helm says how External Secrets Operator is installed.
func (in *inputs) helm() group {
	h := &in.settings.Helm
	return group{"Helm", []option{
		{name: "release", arg: "NAME", into: &h.Release, usage: "release of External Secrets Operator"},
		{name: "release-namespace", arg: "NAME", into: &h.Namespace, usage: "namespace of that release"},
		{name: "chart", arg: "CHART", into: &h.Chart, usage: "name in the repository, directory, .tgz or oci:// reference"},
		{name: "chart-repo", arg: "URL", into: &h.Repo, usage: "chart repository"},
		{name: "chart-version", arg: "VERSION", into: &h.Version, fallback: chartsource.DefaultVersion + " for a first install, else the release's", usage: "version of the chart"},
		{name: "values", arg: "FILE", into: &h.Values, usage: "values file, as for helm; later ones win"},
		{name: "set", arg: "KEY=VALUE", into: &h.Set, usage: "single values, as for helm; they win over files"},
		{name: "set-string", arg: "KEY=VALUE", into: &h.SetString, usage: "the same, each a text"},
		{name: "set-json", arg: "KEY=JSON", into: &h.SetJSON, usage: "the same, each JSON"},
		{name: "set-file", arg: "KEY=FILE", into: &h.SetFile, usage: "the same, each what a file holds"},
		{name: "no-wait", into: &h.NoWait, usage: "do not wait until the operator's Deployments are available"},
		{name: "skip-helm", into: &in.settings.SkipHelm, usage: "leave the operator to somebody else; the other flags here then do nothing"},
	}}
}

// gen3 says what chart is going to use all this.
func (in *inputs) gen3() group {
	return group{"gen3 chart", []option{
		{name: "gen3-version", arg: "VERSION", into: &in.settings.Gen3Version, fallback: "the installed release's, else " + gen3.Newest, usage: "version of the gen3 chart, whose use of the External Secrets API is compared with what the cluster serves"},
		gen3Values(&in.settings.Gen3Values), gen3Chart(&in.settings.Gen3Chart), releaseName(&in.settings.Gen3ReleaseName),
	}}
}
