package bootstrap

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

var (
	// eksServer is the endpoint of an EKS cluster: https://<id>.<shard>.<region>.eks.amazonaws.com.
	eksServer = regexp.MustCompile(`^https://[0-9A-Fa-f]+\.[a-z0-9]+\.([a-z0-9-]+)\.eks\.amazonaws\.com`)
	// eksContext is what `aws eks update-kubeconfig` calls a context: the cluster's ARN.
	eksContext = regexp.MustCompile(`^arn:[a-z-]+:eks:([a-z0-9-]+):(\d{12}):cluster/`)
	// eksctlContext is what eksctl calls one: <user>@<cluster>.<region>.eksctl.io.
	eksctlContext = regexp.MustCompile(`\.([a-z]{2}(?:-[a-z]+)+-\d)\.eksctl\.io$`)
)

// clusterElsewhere tells when the cluster lives elsewhere than the account and region that were given: that is legal, and more often a slip.
func clusterElsewhere(context, server, region, account string) []string {
	var out []string
	where := ""
	for _, m := range [][]string{eksServer.FindStringSubmatch(server), eksctlContext.FindStringSubmatch(context), eksContext.FindStringSubmatch(context)} {
		if m != nil {
			where = m[1]
		}
	}
	if m := eksContext.FindStringSubmatch(context); m != nil && m[2] != account {
		out = append(out, fmt.Sprintf("kube context %s is a cluster of account %s, and --account is %s", context, m[2], account))
	}
	if where != "" && where != region {
		out = append(out, fmt.Sprintf("kube context %s is a cluster in region %s, and --region is %s: secrets will be read from %s", context, where, region, region))
	}
	return out
}

// chooseNamespace takes the context's where no flag names one. Nobody has Gen3 in default or in Kubernetes' own by chance.
func (t *Target) chooseNamespace() error {
	s := &t.Settings
	t.NamespaceFrom = cmp.Or(s.Given["namespace"], "flag")
	if s.Namespace != "" {
		return nil
	}
	name := t.Kube.Namespace
	if name == "default" || strings.HasPrefix(name, "kube-") {
		return hint.Coded(hint.With(fmt.Errorf("check namespace: context %s says %s, and that one is only taken where -n names it", t.Kube.Context, name),
			"name the namespace of the Gen3 release with -n"), "namespace-unnamed")
	}
	s.Namespace, t.NamespaceFrom = name, "context"
	return nil
}

// compareAccount says what contradicts the settings.
func (t *Target) compareAccount(writes bool) []error {
	s, c := t.Settings, t.Caller
	var errs []error
	if c.Account != s.Account {
		errs = append(errs, hint.Coded(hint.With(fmt.Errorf("check account: the AWS credentials belong to account %s (%s), and --account says %s", c.Account, c.ARN, s.Account),
			"choose other credentials with --profile or AWS_PROFILE, or correct --account"), "account-differs"))
	}
	if !iamsetup.RegionIn(s.Region, c.Partition) {
		errs = append(errs, hint.Coded(hint.With(fmt.Errorf("check region: %s is not a region of partition %s, to which the AWS credentials belong (%s)", s.Region, c.Partition, c.ARN),
			"correct --region, or choose other credentials with --profile"), "region-differs"))
	}
	for _, arn := range append(s.KMSKeys, s.PermissionsBoundary) {
		if arn != "" && !strings.HasPrefix(arn, "arn:"+c.Partition+":") {
			errs = append(errs, fmt.Errorf("check %s: it is not of partition %s, to which the AWS credentials belong", arn, c.Partition))
		}
	}
	if t.Kube != nil {
		for _, text := range clusterElsewhere(t.Kube.Context, t.Kube.Server, s.Region, s.Account) {
			if writes && !s.AllowElsewhere {
				errs = append(errs, hint.Coded(hint.With(fmt.Errorf("check cluster: %s", text), "--context names another one; --allow-cluster-elsewhere says that it is meant"), "cluster-elsewhere"))
			} else {
				t.Warnings = append(t.Warnings, Warning{"cluster-elsewhere", text})
			}
		}
	}
	return errs
}

// compareNamespace says why nothing can be made in the namespace.
func (t *Target) compareNamespace() []error {
	s := t.Settings
	var errs []error
	if !s.SkipHelm && s.Helm.Namespace == s.Namespace {
		t.Warnings = append(t.Warnings, Warning{"operator-beside-gen3", fmt.Sprintf("the operator's release is in namespace %s, beside Gen3: whoever may edit that namespace can run pods with "+
			"the operator's rights in the whole cluster; --release-namespace names another one", s.Namespace)})
	}
	errs = append(errs, t.absent()...)
	if t.Namespace != nil && t.Namespace.DeletionTimestamp != nil {
		errs = append(errs, hint.Coded(hint.With(fmt.Errorf("check namespace: %s is being deleted", s.Namespace), "wait until it is gone", heldBy(t.Namespace)), "namespace-terminating"))
	}
	return errs
}

// absent is an error where the namespace is not there, and not to be made.
func (t *Target) absent() []error {
	s := t.Settings
	if t.Namespace != nil || t.Refused.Namespace != nil || t.Kube == nil || s.CreateNamespace {
		return nil
	}
	return []error{hint.Coded(hint.With(fmt.Errorf("check namespace: there is no namespace %s in cluster %s (context %s)", s.Namespace, t.Kube.Server, t.Kube.Context),
		"--create-namespace makes it; -n names another one"), "namespace-absent")}
}

// heldBy names the finalizers that a namespace waits for; "" where it has none.
func heldBy(ns *corev1.Namespace) string {
	if len(ns.Finalizers) == 0 {
		return ""
	}
	return "it waits for whoever takes off " + strings.Join(ns.Finalizers, ", ") + ": " + hint.Command("kubectl", "get", "namespace", ns.Name, "-o", "yaml")
}
