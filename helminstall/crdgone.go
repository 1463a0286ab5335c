package helminstall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/rawget"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// apiSuffix is what the groups of all CRDs of External Secrets end in.
const apiSuffix = "external-secrets.io"

// destroyableCRDs are those in the cluster that Helm counts to this release, also after the release is gone, so that a
// teardown that was interrupted can be finished. Those of a release that is not ours are not ours either.
func (s *Step) destroyableCRDs(ctx context.Context) ([]string, error) {
	if s.seen.Release != nil && !s.seen.ours() {
		return nil, nil
	}
	body, err := s.getMetadata(ctx, crdPath)
	if err != nil {
		return nil, fmt.Errorf("list CRDs: %w", err)
	}
	var list metav1.PartialObjectMetadataList
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("list CRDs: %w", err)
	}
	var out []string
	for _, c := range list.Items {
		if strings.HasSuffix(c.Name, apiSuffix) && owner.Of(c.ObjectMeta).Of(s.Settings.Release, s.Namespace) {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// usedBy says who else uses the CRDs, or why that cannot be told; "" for nobody. That they bear the release's name proves
// little: somebody else's operator may have come to live with CRDs that an earlier release left.
func (s *Step) usedBy() string {
	for _, op := range s.seen.Operators {
		if !op.Owner.Of(s.Settings.Release, s.Namespace) || op.Owner.GitOps() {
			return op.String() + " uses them"
		}
	}
	for _, c := range s.seen.CRDs {
		if c.Owner.GitOps() {
			return c.Owner.String() + " keeps them"
		}
	}
	if s.removal == nil && s.running() != nil {
		return s.running().deployment() + " uses them"
	}
	if s.seen.Unseen != "" {
		return "whether an operator uses them cannot be told: " + s.seen.Unseen
	}
	return ""
}

const metadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

// getMetadata lists without the objects' bodies: the schemas are megabytes.
func (s *Step) getMetadata(ctx context.Context, path string) ([]byte, error) {
	if s.rawGet != nil {
		return s.rawGet(ctx, path)
	}
	return rawget.Do(ctx, s.Client.Discovery().RESTClient().Get().AbsPath(path).SetHeader("Accept", metadataList))
}

// deleteCRDs deletes them at once and waits until they are gone, which takes until all their objects are.
func (s *Step) deleteCRDs(ctx context.Context, names []string, sink event.Sink) error {
	errs := make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(parallel.Limit)
	for i, crd := range names {
		group.Go(func() error {
			errs[i] = s.deleteCRD(ctx, crd)
			return nil
		})
	}
	_ = group.Wait() // errs has them
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := s.awaitGone(ctx, names, sink); err != nil {
		return err
	}
	for _, crd := range names {
		c := s.crdChange(crd)
		s.emit(sink, event.Event{Type: event.Changed, Change: &c})
	}
	return nil
}

func (s *Step) deleteCRD(ctx context.Context, crd string) error {
	err := s.Client.Discovery().RESTClient().Delete().AbsPath(crdPath + "/" + crd).Do(ctx).Error()
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete CRD %s: %w", crd, err)
	}
	return nil
}

func (s *Step) awaitGone(ctx context.Context, names []string, sink event.Sink) error {
	var left []string
	say := s.once(sink)
	err := wait.PollUntilContextTimeout(ctx, pollInterval, s.timeout(), true, func(ctx context.Context) (bool, error) {
		present, err := s.destroyableCRDs(ctx)
		if err != nil {
			return false, ignorable(ctx, err)
		}
		left = slices.DeleteFunc(present, func(n string) bool { return !slices.Contains(names, n) })
		if len(left) > 0 {
			say("CRDs to be gone: " + words.Few(left))
		}
		return len(left) == 0, nil
	})
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return hint.With(fmt.Errorf("delete CRDs: still there after %s: %s", s.timeout(), words.Few(left)),
		"their objects have finalizers that no operator serves any more; see: "+hint.Command("kubectl", "get", strings.Join(left, ","), "-A"))
}
