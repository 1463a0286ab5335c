package status

import (
	"context"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// connect fails only where one of both sides cannot be spoken to at all, or is another one than the settings say.
func (v *status) connect(ctx context.Context) []error {
	if errs := v.settings.Named().Check(); len(errs) > 0 {
		return errs
	}
	var errs []error
	v.target, errs = bootstrap.Connect(ctx, v.settings, v.env, bootstrap.Wants{Lenient: true})
	t := v.target
	v.result.Account, v.result.Region, v.result.Namespace = t.Settings.Account, t.Settings.Region, t.Settings.Namespace
	v.result.Caller, v.result.NamespaceFrom = t.Caller.ARN, t.NamespaceFrom
	if t.Kube != nil {
		v.result.Cluster.Context, v.result.Cluster.Server = t.Kube.Context, t.Kube.Server
	}
	v.result.Partition, v.result.Cluster.ID = t.Caller.Partition, t.ClusterID
	if len(errs) > 0 {
		return errs
	}
	v.unread("", t.Refused.ClusterID)
	v.unread("", t.Refused.Namespace)
	v.unread(bootstrap.RecordStep, t.Refused.Record)
	if t.Refused.Record != nil {
		v.doubt()
	}
	return nil
}

// namespaceAbsent is an error where there is no namespace to look at.
func (v *status) namespaceAbsent() []error {
	t := v.target
	if t.Namespace != nil || t.Refused.Namespace != nil {
		return nil
	}
	return []error{hint.Coded(hint.With(fmt.Errorf("check namespace: there is no namespace %s in cluster %s (context %s)", t.Settings.Namespace, t.Kube.Server, t.Kube.Context),
		"-n names another one"), "namespace-absent")}
}

// recall takes mode and names from the record where the flags leave them open.
func (v *status) recall() {
	t := v.target
	v.result.Recorded = t.Last != nil
	v.result.Warnings = append(v.result.Warnings, t.TakeRecorded()...)
	v.result.Mode, v.result.Settings = t.Settings.ModeOf(), t.Settings.LastUp().Command("up")
}
