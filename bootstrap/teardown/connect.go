package teardown

import (
	"context"
	"errors"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// askIssuer finds out whose identity provider may have our tag where nothing names it: the record is lost, or an earlier
// teardown took it out. Who may not ask loses nothing but that, unless the provider is to go.
func (t *teardown) askIssuer(ctx context.Context) error {
	named := len(t.recorded().MadeOf(plan.OIDCProvider, t.Settings.Account)) > 0
	wanted := t.options.DeleteProvider || t.recorded() == nil
	if named || !wanted || t.Settings.OIDCIssuer != "" {
		return nil
	}
	var err error
	if t.Target.Kube == nil {
		t.issuer, err = t.issuerOfRole(ctx)
		return err
	}
	if t.issuer, err = t.Target.Kube.Issuer(ctx); err != nil && t.options.DeleteProvider {
		return err
	}
	return nil
}

// issuerOfRole goes by the role of a cluster that is gone. That it may not be read is the role's own to say.
func (t *teardown) issuerOfRole(ctx context.Context) (string, error) {
	for _, known := range t.Settings.Recall(nil, t.owner).Roles {
		issuer, err := role.Issuer(ctx, t.Target.Aws.IAM, known.Name, t.owner)
		if issuer != "" || err != nil && !errors.Is(err, iamsetup.ErrDenied) {
			return issuer, err
		}
	}
	return "", nil
}

// recorded is what the record says; nil when there is none that can be read.
func (t *teardown) recorded() *bootstrap.Recorded {
	return t.Target.Last
}

// recordMayGo is the way out of a record that somebody edited.
func (t *teardown) recordMayGo() string {
	return "if no up was run there, somebody edited the record; it may be deleted, and names are then taken from flags: " +
		hint.Command("kubectl", "-n", t.Target.Settings.Namespace, "delete", "configmap", kube.RecordName)
}

// checkRecord refuses to take apart in one account what was made in another.
func (t *teardown) checkRecord() error {
	r := t.recorded()
	switch {
	case r != nil && r.Account != t.Settings.Account:
		return hint.With(fmt.Errorf("check record: up was run for namespace %s in account %s, and --account is %s", t.Target.Settings.Namespace, r.Account, t.Settings.Account),
			"run teardown with credentials of account "+r.Account+" first", t.recordMayGo())
	case r != nil && r.Cluster != "" && r.Cluster != t.Target.ClusterID:
		// No command is printed: whoever may write the record chose that cluster, which may be one that lives.
		t.extra = append(t.extra, fmt.Sprintf("the record says that it was made in cluster %s, and this one is %s: what carries the tag of the former is kept. "+
			"If you know that cluster, and it is gone, teardown with --cluster-id and the names that were used there removes it", r.Cluster, t.Target.ClusterID))
	}
	return nil
}
