package helminstall

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	helmtime "helm.sh/helm/v3/pkg/time"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// removal is what an uninstall takes away.
type removal struct {
	objects []liveObject // of the release
	kept    []liveObject // which stay although they are the release's
}

// planRemoval looks for what the release has, and tells in what its stored manifest says more than that.
func (s *Step) planRemoval(ctx context.Context) error {
	s.removal = nil
	r := s.seen.Release
	if !s.seen.ours() && !s.seen.orphaned() {
		return nil
	}
	var named []stored.Head
	if r != nil {
		named = stored.Heads(r.Manifest)
	}
	live, err := s.liveObjects(ctx, named)
	if err != nil {
		return err
	}
	s.removal = &removal{}
	for _, o := range live {
		if o.kept {
			s.removal.kept = append(s.removal.kept, o)
		} else {
			s.removal.objects = append(s.removal.objects, o)
		}
	}
	if r == nil {
		return nil
	}
	if strange := strangers(named, live, s.Namespace); len(strange) > 0 && r.Info.Status != release.StatusUninstalling {
		s.warnings = append(s.warnings, fmt.Sprintf("the stored manifest of release %s/%s names what is not there or does not belong to the release, and is kept: %s",
			s.Namespace, s.Settings.Release, words.Few(strange)))
	}
	if hooks := r.DeleteHooks(); len(hooks) > 0 {
		s.warnings = append(s.warnings, fmt.Sprintf("release %s/%s has hooks for its deletion, which are not run: %s",
			s.Namespace, s.Settings.Release, words.Few(hooks)))
	}
	return nil
}

// strangers are those that a manifest names and the release does not have.
func strangers(named []stored.Head, live []liveObject, namespace string) []string {
	has := map[string]bool{}
	for _, o := range live {
		has[o.String()] = true
	}
	var out []string
	for _, h := range named {
		inRelease := liveObject{kind: h.Kind, namespace: h.Metadata.Namespace, name: h.Metadata.Name}.String()
		inNamespace := liveObject{kind: h.Kind, namespace: namespace, name: h.Metadata.Name}.String()
		if h.Kind != stored.CRDKind && !has[inRelease] && (h.Metadata.Namespace != "" || !has[inNamespace]) {
			out = append(out, words.Brief(inRelease))
		}
	}
	return out
}

// runUninstall deletes the release's objects and then what is stored of it. It is marked first, so that other runs see that
// it goes, and what remains of it after a failure is not taken for a release that works.
func (s *Step) runUninstall(ctx context.Context) error {
	secrets := stored.NewSecrets(ctx, s.Client.CoreV1().Secrets(s.Namespace), s.seen.secrets)
	if s.seen.Release != nil {
		if err := s.markUninstalling(ctx); err != nil {
			return err
		}
	}
	if err := s.deleteObjects(ctx, s.removal.objects); err != nil {
		return err
	}
	var errs []error
	for _, secret := range secrets.Now() { // the oldest first: what an interruption leaves is the one that is marked
		errs = append(errs, secrets.Delete(ctx, secret.Name, metav1.DeleteOptions{}))
	}
	return errors.Join(errs...)
}

// markUninstalling also has the stored manifest keep the CRDs, should somebody end it with the helm command.
func (s *Step) markUninstalling(ctx context.Context) error {
	e, err := s.newHelm(ctx)
	if err != nil {
		return err
	}
	e.Secrets.NewestOnly = true
	last, err := e.Releases.Last(s.Settings.Release)
	if err != nil {
		return fmt.Errorf("read stored release: %w", err)
	}
	if last.Manifest, err = stored.KeepCRDs(last.Manifest); err != nil {
		return fmt.Errorf("store the annotation that keeps the CRDs: %w", err)
	}
	last.Info.Deleted = helmtime.Time{Time: s.Now()}
	last.SetStatus(release.StatusUninstalling, "deletion by "+stored.ManagedBy+", in progress or interrupted")
	if err := e.Store(last); err != nil {
		return fmt.Errorf("mark revision %d as going: %w", last.Version, err)
	}
	return nil
}

// deleteObjects goes wave by wave, in each past every failure.
func (s *Step) deleteObjects(ctx context.Context, objects []liveObject) error {
	api, err := metadata.NewForConfig(s.Config)
	if err != nil {
		return fmt.Errorf("set up connection to the cluster: %w", err)
	}
	waves := map[int][]liveObject{}
	for _, o := range objects {
		n := removalWave(o.kind)
		waves[n] = append(waves[n], o)
	}
	var errs []error
	for n := range removalWaves {
		failed := make([]error, len(waves[n]))
		var group errgroup.Group
		group.SetLimit(parallel.Limit)
		for i, o := range waves[n] {
			group.Go(func() error {
				failed[i] = deleteObject(ctx, api, o)
				return nil
			})
		}
		_ = group.Wait() // failed has them
		errs = append(errs, failed...)
	}
	return errors.Join(errs...)
}

const removalWaves = 5

// removalWave is the order of an uninstall: objects of foreign kinds while their controllers run, webhooks before what
// answers them, pods before their accounts, bindings before roles.
func removalWave(kind string) int {
	switch n := sdk.Wave(kind); {
	case slices.Contains([]string{webhookKind, "MutatingWebhookConfiguration"}, kind):
		return 1
	case n == 3:
		return 2
	case n == 2:
		return 3
	case n < 2:
		return 4
	}
	return 0
}

// deleteObject deletes the very object that was seen.
func deleteObject(ctx context.Context, api metadata.Interface, o liveObject) error {
	background := metav1.DeletePropagationBackground
	err := api.Resource(o.resource).Namespace(o.namespace).Delete(ctx, o.name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &o.uid}, PropagationPolicy: &background,
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete %s: %w", o, err)
	}
	return nil
}
