package status

import (
	"context"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// connect fails only where one of both sides cannot be spoken to at all, or is another one than the settings say.
func (v *status) connect(ctx context.Context) []error {
	if errs := v.settings.Named().Check(); len(errs) > 0 {
		return errs
	}
	s := v.settings
	s.Timing = s.Timing.WithDefaults()
	v.target = &bootstrap.Target{Settings: s, Env: v.env}
	if errs := v.target.Load(ctx); len(errs) > 0 {
		return errs
	}
	t := v.target
	t.Self = kube.Self(kube.FieldManager, v.env.Now())
	v.result.Namespace = t.Settings.Namespace
	v.result.Cluster.Context, v.result.Cluster.Server = t.Kube.Context, t.Kube.Server
	t.Record = &kube.Record{Client: t.Kube, Namespace: t.Settings.Namespace}
	var identityErr, namespaceErr, recordErr error
	errs := bootstrap.Together(
		func() (err error) { t.Caller, err = t.Aws.Caller(ctx); return err },
		func() error {
			t.ClusterID, identityErr = t.Kube.ClusterID(ctx)
			return bootstrap.UnlessDenied(identityErr)
		},
		func() error {
			t.Namespace, namespaceErr = t.Kube.GetNamespace(ctx, t.Settings.Namespace)
			return bootstrap.UnlessDenied(namespaceErr)
		},
		func() error { recordErr = t.LoadRecord(ctx); return bootstrap.UnlessDenied(recordErr) },
		func() error { return t.ReadLease(ctx) },
		func() (err error) { v.external, err = external.In(t.Kube); return err },
	)
	if len(errs) > 0 {
		return errs
	}
	v.namespaceKnown, v.recordRead = namespaceErr == nil, recordErr == nil
	v.unread("", identityErr)
	v.unread("", namespaceErr)
	v.unread(bootstrap.RecordStep, recordErr)
	if recordErr != nil {
		v.doubt()
	}
	v.result.Partition, v.result.Cluster.ID = t.Caller.Partition, t.ClusterID
	return t.CompareAccount()
}

// recall takes mode and names from the record where the flags leave them open.
func (v *status) recall() {
	t := v.target
	record := t.Last
	v.result.Recorded = record != nil
	if t.Namespace == nil && v.namespaceKnown {
		v.result.Warnings = append(v.result.Warnings, fmt.Sprintf("there is no namespace %s in cluster %s (context %s)", t.Settings.Namespace, t.Kube.Server, t.Kube.Context))
	}
	if record != nil {
		t.Settings = t.Settings.AsRecorded(*record)
		if record.Account != t.Settings.Account {
			v.result.Warnings = append(v.result.Warnings, fmt.Sprintf("the last up for this namespace was in account %s, and --account is %s", record.Account, t.Settings.Account))
		}
	}
	t.Settings = t.Settings.Named()
	v.result.Mode = t.Settings.ModeOf()
}
