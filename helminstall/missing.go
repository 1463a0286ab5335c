package helminstall

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
)

// readMissing finds Deployments of the release that somebody deleted. The list has most of them; those of a chart with
// other labels are asked for by name.
func (s *Step) readMissing(ctx context.Context, o *Observed) error {
	targets := stored.Deployments(o.Release.Manifest, s.Namespace)
	found := make([]*appsv1.Deployment, len(targets))
	absent := make([]bool, len(targets))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel.Limit)
	for i, t := range targets {
		if found[i] = o.deployments[t.String()]; found[i] != nil {
			continue
		}
		group.Go(func() error {
			d, err := s.Client.AppsV1().Deployments(t.Namespace).Get(ctx, t.Name, metav1.GetOptions{})
			if absent[i] = apierrors.IsNotFound(err); absent[i] || apierrors.IsForbidden(err) {
				return nil
			}
			found[i] = d
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("get Deployments of release %s/%s: %w", s.Namespace, s.Settings.Release, err)
	}
	for i, t := range targets {
		if absent[i] {
			o.Missing = append(o.Missing, "deployment/"+t.String())
		} else if found[i] != nil {
			o.deployments[t.String()] = found[i]
		}
	}
	return nil
}
