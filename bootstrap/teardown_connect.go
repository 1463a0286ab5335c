package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// connect loads both configurations and asks who and where we are; for a cluster that is gone, AWS alone.
func (t *teardown) connect(ctx context.Context) []error {
	s := t.settings
	s.Timing = s.Timing.withDefaults()
	t.target = &target{settings: s, env: t.env}
	if t.options.ClusterID != "" {
		return t.connectAWS(ctx)
	}
	if errs := t.target.load(ctx); len(errs) > 0 {
		return errs
	}
	t.target.self = kube.Self(kube.FieldManager, t.env.Now())
	if errs := t.target.ask(ctx); len(errs) > 0 {
		return errs
	}
	t.owner = t.target.owner()
	errs := t.target.compareAccount()
	var err error
	if t.external, err = external.In(t.target.kube); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// askIssuer finds out whose identity provider may have our tag where nothing names it: the record is lost, or an earlier
// teardown took it out. Who may not ask loses nothing but that, unless the provider is to go.
func (t *teardown) askIssuer(ctx context.Context) error {
	named := slices.ContainsFunc(t.recorded().entries(), func(e Recorded) bool { return e.OIDCIssuer != "" })
	wanted := t.options.DeleteProvider || t.recorded() == nil
	if named || !wanted || t.settings.OIDCIssuer != "" {
		return nil
	}
	var err error
	if t.target.kube == nil {
		t.issuer, err = t.issuerOfRole(ctx)
		return err
	}
	if t.issuer, err = t.target.kube.Issuer(ctx); err != nil && t.options.DeleteProvider {
		return err // it says what it was doing
	}
	return nil
}

// issuerOfRole goes by the role of a cluster that is gone. That it may not be read is the role's own to say.
func (t *teardown) issuerOfRole(ctx context.Context) (string, error) {
	for _, known := range t.settings.recall(nil, t.owner).roles {
		issuer, err := role.Issuer(ctx, t.target.aws.IAM, known.name, t.owner)
		if issuer != "" || err != nil && !errors.Is(err, iamsetup.ErrDenied) {
			return issuer, err // it names the role
		}
	}
	return "", nil
}

func (t *teardown) connectAWS(ctx context.Context) []error {
	t.target.clusterID = t.options.ClusterID
	t.owner = iamsetup.Owner{Cluster: t.options.ClusterID, Namespace: t.settings.Namespace}
	if err := t.target.loadAWS(ctx); err != nil {
		return []error{err}
	}
	var err error
	if t.target.caller, err = t.target.aws.Caller(ctx); err != nil {
		return []error{err}
	}
	return t.target.compareAccount()
}

// recorded is what the record says; nil when there is none that can be read.
func (t *teardown) recorded() *Recorded {
	return t.target.last
}

// recordMayGo is the way out of a record that somebody edited.
func (t *teardown) recordMayGo() string {
	return "if no up was run there, somebody edited the record; it may be deleted, and names are then taken from flags: " +
		hint.Command("kubectl", "-n", t.target.settings.Namespace, "delete", "configmap", kube.RecordName)
}

// checkRecord refuses to take apart in one account what was made in another.
func (t *teardown) checkRecord() error {
	r := t.recorded()
	switch {
	case r != nil && r.Account != t.settings.Account:
		return hint.With(fmt.Errorf("check record: up was run for namespace %s in account %s, and --account is %s", t.target.settings.Namespace, r.Account, t.settings.Account),
			"run teardown with credentials of account "+r.Account+" first", t.recordMayGo())
	case r != nil && r.Cluster != "" && r.Cluster != t.target.clusterID:
		// No command is printed: whoever may write the record chose that cluster, which may be one that lives.
		t.extra = append(t.extra, fmt.Sprintf("the record says that it was made in cluster %s, and this one is %s: what carries the tag of the former is kept. "+
			"If you know that cluster, and it is gone, teardown with --cluster-id and the names that were used there removes it", r.Cluster, t.target.clusterID))
	}
	return nil
}
