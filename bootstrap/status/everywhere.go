package status

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// Everywhere is what status found in all namespaces that have a record, and the document that -o json prints for it.
type Everywhere struct {
	Command    string              `json:"command"`
	Cluster    bootstrap.Cluster   `json:"cluster"`
	Namespaces []Result            `json:"namespaces"` // by name
	Warnings   []bootstrap.Warning `json:"warnings"`
	Errors     []bootstrap.Problem `json:"errors"` // that kept it from looking; those of a namespace are its own
}

// Well reports whether everything is well everywhere.
func (e Everywhere) Well() bool {
	return !slices.ContainsFunc(e.Namespaces, func(r Result) bool { return len(r.Errors) > 0 || !r.Well() })
}

// atOnce is how many namespaces are looked at at the same time: IAM's rate is limited.
const atOnce = 4

// All is Run for each namespace of the cluster that has a record. The records say where to look; what is there each Run finds out. An error of
// one namespace is in its own document, and in the end the run's.
func All(ctx context.Context, s bootstrap.Settings, maxKeyAge time.Duration, env bootstrap.Env) (Everywhere, error) {
	out := Everywhere{Command: "status", Namespaces: []Result{}, Warnings: []bootstrap.Warning{}, Errors: []bootstrap.Problem{}}
	s.Namespace = "kube-system" // none is taken from the context
	target, err := bootstrap.ConnectCluster(ctx, s, env)
	var names []string
	if err == nil {
		out.Cluster.Context, out.Cluster.Server = target.Kube.Context, target.Kube.Server
		names, err = target.Kube.RecordsElsewhere(ctx, "")
	}
	if err != nil {
		out.Errors = target.Problems(out.Errors, "", err)
		return out, bootstrap.Outcome(ctx, []error{err})
	}
	slices.Sort(names)
	out.Namespaces = make([]Result, len(names))
	errs := make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, name := range names {
		group.Go(func() error {
			one := s
			one.Namespace = name
			out.Namespaces[i], errs[i] = Run(ctx, one, maxKeyAge, env)
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	return out, bootstrap.Outcome(ctx, slices.DeleteFunc(errs, func(err error) bool { return err == nil }))
}
