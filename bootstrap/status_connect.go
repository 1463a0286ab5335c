package bootstrap

import (
	"context"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// connect fails only where one of both sides cannot be spoken to at all, or is another one than the settings say.
func (v *status) connect(ctx context.Context) []error {
	if errs := v.settings.named().Check(); len(errs) > 0 {
		return errs
	}
	s := v.settings
	s.Timing = s.Timing.withDefaults()
	v.target = &target{settings: s, env: v.env}
	if errs := v.target.load(ctx); len(errs) > 0 {
		return errs
	}
	t := v.target
	t.self = kube.Self(kube.FieldManager, v.env.Now())
	v.result.Namespace = t.settings.Namespace
	v.result.Cluster.Context, v.result.Cluster.Server = t.kube.Context, t.kube.Server
	t.record = &kube.Record{Client: t.kube, Namespace: t.settings.Namespace}
	var identityErr, namespaceErr, recordErr error
	errs := together(
		func() (err error) { t.caller, err = t.aws.Caller(ctx); return err },
		func() error {
			t.clusterID, identityErr = t.kube.ClusterID(ctx)
			return unlessDenied(identityErr)
		},
		func() error {
			t.namespace, namespaceErr = t.kube.GetNamespace(ctx, t.settings.Namespace)
			return unlessDenied(namespaceErr)
		},
		func() error { recordErr = t.loadRecord(ctx); return unlessDenied(recordErr) },
		func() error { return t.readLease(ctx) },
		func() (err error) { v.external, err = external.In(t.kube); return err },
	)
	if len(errs) > 0 {
		return errs
	}
	v.namespaceKnown, v.recordRead = namespaceErr == nil, recordErr == nil
	v.unread("", identityErr)
	v.unread("", namespaceErr)
	v.unread(RecordStep, recordErr)
	if recordErr != nil {
		v.doubt()
	}
	v.result.Partition, v.result.Cluster.ID = t.caller.Partition, t.clusterID
	return t.compareAccount()
}

// recall takes mode and names from the record where the flags leave them open.
func (v *status) recall() {
	t := v.target
	record := t.last
	v.result.Recorded = record != nil
	if t.namespace == nil && v.namespaceKnown {
		v.result.Warnings = append(v.result.Warnings, fmt.Sprintf("there is no namespace %s in cluster %s (context %s)", t.settings.Namespace, t.kube.Server, t.kube.Context))
	}
	if record != nil {
		t.settings = t.settings.asRecorded(*record)
		if record.Account != t.settings.Account {
			v.result.Warnings = append(v.result.Warnings, fmt.Sprintf("the last up for this namespace was in account %s, and --account is %s", record.Account, t.settings.Account))
		}
	}
	t.settings = t.settings.named()
	v.result.Mode = t.settings.modeOf()
}
