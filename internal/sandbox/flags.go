package sandbox

import (
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// parseFlags sets opts by the flags of kube-apiserver, whose meaning is
// documented, where the fields behind them are not.
func parseFlags(opts *options.ServerRunOptions, o apiServerOptions) error {
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range opts.Flags().FlagSets {
		fs.AddFlagSet(set)
	}
	args := append(flags(o), thriftyFlags()...)
	if o.egress != "" {
		args = append(args, "--egress-selector-config-file="+o.egress)
	}
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("parse flags: %w", err)
	}
	return nil
}

// flags are those that shape what a client sees.
func flags(o apiServerOptions) []string {
	return []string{
		"--etcd-servers=" + o.etcd,
		"--bind-address=127.0.0.1",
		"--tls-cert-file=" + o.creds.servingCert,
		"--tls-private-key-file=" + o.creds.servingKey,
		"--token-auth-file=" + o.creds.tokenFile,
		"--authorization-mode=RBAC",
		"--service-account-issuer=" + o.issuer,
		"--service-account-signing-key-file=" + o.creds.serviceAccountKey,
		"--service-account-key-file=" + o.creds.serviceAccountKey,
		// Pods need no ServiceAccount, since no kubelet mounts its token.
		"--disable-admission-plugins=ServiceAccount",
		"--allow-privileged=true",
		// Loopback, so that a call to a Service (a webhook's) is refused at
		// once, where a cluster address would swallow it until it times out.
		"--service-cluster-ip-range=127.96.0.0/16",
		"--endpoint-reconciler-type=none",
	}
}

// thriftyFlags switch off what costs start-up time or memory and serves only
// clusters that live longer than a test.
func thriftyFlags() []string {
	return []string{
		"--enable-priority-and-fairness=false",
		"--max-requests-inflight=0",
		"--max-mutating-requests-inflight=0",
		"--profiling=false",
		"--etcd-compaction-interval=0",
		"--etcd-count-metric-poll-period=0",
		"--etcd-db-metric-poll-interval=0",
		"--shutdown-delay-duration=0",
	}
}
