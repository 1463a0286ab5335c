package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/postrender"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// Helm is Helm, set up for one mutating phase of one release.
type Helm struct {
	*action.Configuration

	kube    *kubeClient
	Secrets *stored.Secrets // under its storage
}

// Options is what Helm works on.
type Options struct {
	Config  *rest.Config
	APIs    *APIs
	Release owner.Owner     // and its namespace
	Secrets *stored.Secrets // of the release's namespace
	Now     func() time.Time
	Log     func(format string, args ...any) // Helm's own lines, which are for developers
}

// New is the only place that builds an action.Configuration.
func New(ctx context.Context, o Options) (*Helm, error) {
	sess, err := newSession(ctx, o.Config, o.Release.Namespace, o.APIs)
	if err != nil {
		return nil, err
	}
	client := kube.New(sess)
	client.Namespace, client.Log = o.Release.Namespace, o.Log
	h := &Helm{kube: &kubeClient{Client: client, ctx: ctx, reads: sess.reads, by: o.Release}, Secrets: o.Secrets}
	h.Configuration = &action.Configuration{
		RESTClientGetter: sess, Releases: storage.Init(stored.NewDriver(o.Secrets, o.Now)), KubeClient: h.kube, Log: o.Log,
		Capabilities: o.APIs.capabilities, HookOutputFunc: func(_, _, _ string) io.Writer { return io.Discard },
	}
	return h, nil
}

// Kept names what an upgrade did not delete although it is not in the chart any more: it does not belong to the release.
func (h *Helm) Kept() []string { return h.kube.left }

// Change is what a release becomes.
type Change struct {
	Chart    *chart.Chart // which Helm changes
	Values   map[string]any
	Labels   map[string]string // "null" takes one away
	Timeout  time.Duration
	KeepCRDs bool // with the annotation that an uninstall leaves them
	// Check judges what stands where the chart's objects go, before anything is written.
	Check func([]Standing) error

	TakeOwnership bool // of an install: objects of other releases
	Replace       bool // of an install: what is stored of a release that is gone
}

func (c Change) renderer() postrender.PostRenderer {
	if c.KeepCRDs {
		return keepCRDs{}
	}
	return nil
}

// Install makes the release. Never atomic: Helm's clean-up of a failed first install deletes the CRDs, with them every
// ExternalSecret of the cluster.
func (h *Helm) Install(ctx context.Context, c Change) (*release.Release, error) {
	h.kube.check = c.Check
	in := action.NewInstall(h.Configuration)
	in.ReleaseName, in.Namespace, in.Labels = h.kube.by.Release, h.kube.by.Namespace, c.Labels
	in.Timeout, in.DisableOpenAPIValidation = c.Timeout, true // the API server validates what it is sent
	in.PostRenderer, in.TakeOwnership, in.Replace = c.renderer(), c.TakeOwnership, c.Replace
	return in.RunWithContext(ctx, c.Chart, c.Values)
}

// Upgrade changes the release. The values are whole: what the release has is merged in already.
func (h *Helm) Upgrade(ctx context.Context, c Change) (*release.Release, error) {
	h.kube.check = c.Check
	up := action.NewUpgrade(h.Configuration)
	up.Namespace, up.Labels, up.ResetValues = h.kube.by.Namespace, c.Labels, true
	up.Timeout, up.DisableOpenAPIValidation = c.Timeout, true
	up.PostRenderer = c.renderer()
	return up.RunWithContext(ctx, h.kube.by.Release, c.Chart, c.Values)
}

// ErrOvertaken is returned where what is stored is no longer what was seen.
var ErrOvertaken = errors.New("another run has changed it meanwhile")

// MarkFailed marks a revision that was cut off as failed, since Helm refuses to go on from a pending one. Nothing is
// uninstalled. An operation that lives after all, and has ended since the last look, keeps what it stored.
func (h *Helm) MarkFailed() error {
	last, err := h.Releases.Last(h.kube.by.Release)
	if err != nil {
		return fmt.Errorf("read stored release: %w", err)
	}
	if st := last.Info.Status; st == release.StatusDeployed || st == release.StatusFailed || st == release.StatusSuperseded {
		return nil
	}
	last.SetStatus(release.StatusFailed, fmt.Sprintf("left %s; marked failed by %s", last.Info.Status, stored.ManagedBy))
	if err := h.Store(last); err != nil {
		return fmt.Errorf("mark revision %d failed: %w", last.Version, err)
	}
	return nil
}

// Store stores a revision anew, unless it is no longer what was seen: then the error is errOvertaken.
func (h *Helm) Store(rel *release.Release) error {
	before := h.Secrets.Unchanged
	h.Secrets.Unchanged = true
	err := h.Releases.Update(rel)
	h.Secrets.Unchanged = before
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return ErrOvertaken
	}
	return err
}
