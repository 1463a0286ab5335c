package status

import (
	"context"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Exported are the settings of the last up, as config export prints them.
type Exported struct {
	Command   string              `json:"command"`
	Cluster   bootstrap.Cluster   `json:"cluster"`
	Namespace string              `json:"namespace"`
	Settings  map[string]any      `json:"settings"` // by the names of the flags, those that are not the default
	Warnings  []bootstrap.Warning `json:"warnings"`
	Errors    []bootstrap.Problem `json:"errors"`
}

// NewExported is the document of a run that has found nothing yet.
func NewExported() Exported {
	return Exported{Command: "config export", Settings: map[string]any{}, Warnings: []bootstrap.Warning{}, Errors: []bootstrap.Problem{}}
}

// Export says with which settings an up would go on by, as the record has them. It asks no AWS, and writes nothing.
func Export(ctx context.Context, s bootstrap.Settings, env bootstrap.Env) (Exported, error) {
	out := NewExported()
	limited, cancel := env.Bounded(ctx, s.Timeout)
	defer cancel()
	target, err := bootstrap.ConnectCluster(limited, s, env)
	if err == nil {
		out.Cluster.Context, out.Cluster.Server, out.Namespace = target.Kube.Context, target.Kube.Server, target.Settings.Namespace
		if err = target.LoadRecord(limited); err == nil && target.Last == nil {
			err = hint.Coded(hint.With(fmt.Errorf("read record: nothing is recorded for namespace %s in cluster %s (context %s)", out.Namespace, target.Kube.Server, target.Kube.Context),
				"the first up records its settings; -n names another namespace"), "nothing-recorded")
		}
	}
	if err != nil {
		out.Errors = target.Problems(out.Errors, "", err)
		return out, bootstrap.Outcome(ctx, []error{err})
	}
	out.Settings = target.Settings.AsRecorded(*target.Last).Exported()
	if n := len(target.Last.ReadNames); n > 0 {
		out.Warnings = append(out.Warnings, bootstrap.Warning{Code: "names-from-values", Message: fmt.Sprintf(
			"the policy is for %d names that were read off values files: give --secret-names-from-values with these files to have them found again", n)})
	}
	return out, nil
}
