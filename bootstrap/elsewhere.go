package bootstrap

import (
	"fmt"
	"regexp"
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
