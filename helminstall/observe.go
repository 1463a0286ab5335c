package helminstall

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
)

// Observed is what the cluster holds, before any judgement.
type Observed struct {
	Release *stored.Record // the newest revision, or nil
	// Worked is the deployed revision, where the newest one failed; nil where that cannot be told.
	Worked    *stored.Record
	CRDs      []CRD      // of watchedCRDs, those that exist
	Operators []Operator // all that run, the release's own among them
	// Missing are Deployments of the release's manifest that are not in the cluster.
	Missing []string
	// Other is the deployed revision of the release that has the operator or, where none runs, claims the CRDs, if that is
	// not this release; the newest one where none is deployed. nil where it may not be read.
	Other *stored.Record
	// Unseen is what could not be read and would tell whether an operator is there, "" where nothing was.
	Unseen string
	// Rests are webhooks of an operator that is gone, in the way of another release.
	Rests []Rest
	// NamespaceGone: the release's namespace does not exist.
	NamespaceGone, NamespaceTerminating bool
	// NamespaceUnread: it may not be read, so that it is not known whether it was made for the release.
	NamespaceUnread bool
	// NamespaceNames: the Namespace was made for this release. CRDsName: the CRDs' Helm annotations name it.
	NamespaceNames, CRDsName bool
	// Lookalikes are Deployments that are labelled as an operator and are none, as far as can be told.
	Lookalikes []string

	undecoded    error // why the newest revision cannot be read
	namespaceUID types.UID
	secrets      []corev1.Secret
	deployments  map[string]*appsv1.Deployment // by namespace/name
	warnings     []string
}

// read observes everything at once: one round trip where nothing is unusual.
func (s *Step) read(ctx context.Context) (*Observed, error) {
	o := &Observed{deployments: map[string]*appsv1.Deployment{}}
	crds := make([]*CRD, len(watchedCRDs()))
	unread := make([]string, len(watchedCRDs()))
	var items []appsv1.Deployment
	var everywhere bool
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.readSecrets(gctx, o) })
	group.Go(func() error { return s.readNamespace(gctx, o) })
	group.Go(func() (err error) { items, everywhere, err = s.listDeployments(gctx); return err })
	for i, name := range watchedCRDs() {
		group.Go(func() (err error) {
			crds[i], err = s.readCRD(gctx, name)
			if s.NoFetch && apierrors.IsForbidden(err) { // who only looks is told of the rest
				unread[i], err = err.Error(), nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, c := range crds {
		if c != nil {
			o.CRDs = append(o.CRDs, *c)
		}
	}
	for _, text := range unread {
		if text != "" {
			o.warnings = append(o.warnings, text)
		}
	}
	if !everywhere {
		o.Unseen = "Deployments of all namespaces may not be listed"
		o.warnings = append(o.warnings, o.Unseen+": an operator that is installed elsewhere would not be noticed")
	}
	o.CRDsName = ownedBy(o.CRDs, owner.Owner{Release: s.Settings.Release, Namespace: s.Namespace})
	o.take(items, s.Namespace, slices.ContainsFunc(unread, func(text string) bool { return text != "" }))
	return o, s.readRest(ctx, o)
}

// readRest asks what only the first answers bring up.
func (s *Step) readRest(ctx context.Context, o *Observed) error {
	if !o.gone() {
		return s.readMissing(ctx, o)
	}
	if err := s.readRests(ctx, o); err != nil {
		return err
	}
	return s.readOther(ctx, o)
}

func (s *Step) readSecrets(ctx context.Context, o *Observed) error {
	list, err := s.Client.CoreV1().Secrets(s.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: "owner=helm,name=" + s.Settings.Release,
	})
	if err != nil {
		return hint.With(fmt.Errorf("list Secrets of release %s in namespace %s: %w", s.Settings.Release, s.Namespace, err),
			forbiddenHint(err, "Helm keeps its releases in Secrets: allow to get, list, create, update and delete them in "+s.Namespace))
	}
	o.secrets = slices.DeleteFunc(list.Items, func(secret corev1.Secret) bool { return !isRevision(&secret, s.Settings.Release) })
	if o.Release, o.undecoded = stored.Latest(o.secrets); o.undecoded == nil {
		o.Worked = stored.LastThatWorked(o.Release, o.secrets)
	}
	return nil
}

// isRevision reports whether a Secret is named as Helm names what it stores, so that no revision is there twice.
func isRevision(secret *corev1.Secret, releaseName string) bool {
	return secret.Type == storedrelease.SecretType && secret.Name == fmt.Sprintf("sh.helm.release.v1.%s.v%d", releaseName, stored.Revision(secret))
}

func (s *Step) readNamespace(ctx context.Context, o *Observed) error {
	ns, err := s.Client.CoreV1().Namespaces().Get(ctx, s.Namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		o.NamespaceGone = true
	case apierrors.IsForbidden(err): // then it may not be created either, and the release tells whether it is there
		o.NamespaceUnread = true
	case err != nil:
		return fmt.Errorf("get Namespace %s: %w", s.Namespace, err)
	default:
		o.NamespaceNames = ns.Labels[stored.ManagedByLabel] == stored.ManagedBy && ns.Annotations[releaseAnnotation] == s.Settings.Release
		o.namespaceUID = ns.UID
		o.NamespaceTerminating = ns.DeletionTimestamp != nil
	}
	return nil
}

// forbiddenHint gives advice only where permissions are the cause.
func forbiddenHint(err error, advice string) string {
	if apierrors.IsForbidden(err) {
		return advice
	}
	return ""
}

// pendingIn is the namespace in which somebody may be at work on the release, or on the one that is used in its place; "" if
// nobody is.
func (s *Step) pendingIn(o *Observed) string {
	switch {
	case o.Release != nil && o.Release.Pending():
		return s.Namespace
	case o.Other != nil && o.Other.Pending():
		return o.otherOwner().Namespace
	}
	return ""
}

// otherOwner is whose the operator is: of one that the CRDs confirm, else of the CRDs, and where nothing cluster-wide tells,
// what a Deployment says of itself.
func (o *Observed) otherOwner() owner.Owner {
	for _, op := range o.Operators {
		if op.Confirmed {
			return op.Owner
		}
	}
	for _, c := range o.CRDs {
		if c.Owner != (owner.Owner{}) {
			return c.Owner
		}
	}
	for _, op := range o.Operators {
		return op.Owner
	}
	return owner.Owner{}
}

// readOther reads the record of the release that is used, or waited for, in place of this one.
func (s *Step) readOther(ctx context.Context, o *Observed) error {
	by := o.otherOwner()
	if by.Release == "" || by.Of(s.Settings.Release, s.Namespace) {
		return nil
	}
	// The first is all that is needed where the release is at rest, and spares the transfer of its history.
	for _, status := range []string{"=deployed", " in (pending-install,failed)"} {
		newest, err := s.newestOther(ctx, by, status)
		if apierrors.IsForbidden(err) {
			o.noteUnreadable(by)
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for %s: %w", by, err)
		}
		if newest != nil {
			o.Other = otherRecord(by, newest)
			return nil
		}
	}
	return nil
}

// newestOther is the Secret of the newest revision; nil where there is none.
func (s *Step) newestOther(ctx context.Context, by owner.Owner, status string) (newest *corev1.Secret, err error) {
	options := metav1.ListOptions{LabelSelector: "owner=helm,status" + status + ",name=" + by.Release, Limit: 10}
	err = pages.Each(ctx, s.Client.CoreV1().Secrets(by.Namespace).List, options, func(secret *corev1.Secret) {
		if newest == nil || stored.Revision(secret) > stored.Revision(newest) {
			newest = secret
		}
	})
	return newest, err // the caller says what it looks for
}

// otherRecord takes the labels' word for a record that cannot be decoded: the release is there all the same.
func otherRecord(by owner.Owner, newest *corev1.Secret) *stored.Record {
	rec, err := stored.Latest([]corev1.Secret{*newest})
	if err == nil {
		return rec
	}
	rec = &stored.Record{Name: by.Release, Namespace: by.Namespace, Revision: stored.Revision(newest), Labels: newest.Labels}
	rec.Info.Status = release.Status(newest.Labels["status"])
	return rec
}

// noteUnreadable notes it where the answer would have decided something: with a running operator it would not.
func (o *Observed) noteUnreadable(by owner.Owner) {
	if len(o.Operators) == 0 {
		o.Unseen = fmt.Sprintf("Secrets of namespace %s may not be listed", by.Namespace)
		o.warnings = append(o.warnings, fmt.Sprintf("the CRDs belong to %s, whose Secrets may not be read: "+
			"whether it is still installed is unknown", by))
	}
}
