package stored

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Secrets lies under Helm's Secrets driver. It answers reads from what Observe saw, which spares Helm four
// round trips of an upgrade; a run that came in between is still met, since a revision is created and never
// overwritten. And it remembers failed writes, which Helm only logs: a release that could not be recorded as deployed
// remains pending.
type Secrets struct {
	typedcorev1.SecretInterface
	ctx    context.Context // Helm's driver passes none
	mu     sync.Mutex
	kept   map[string]corev1.Secret
	failed error
	// NewestOnly hides all but the newest match from a List: Helm decodes every revision, several times over, to use
	// one of them. An uninstall needs them all.
	NewestOnly bool
	// Unchanged makes an Update fail where the Secret is no longer what was seen.
	Unchanged bool
}

// storageTimeout lets the outcome of a run be recorded after its own time is over.
const storageTimeout = 30 * time.Second

// NewSecrets lies over api and knows what was seen there. Its writes outlive ctx by up to 30 seconds.
func NewSecrets(ctx context.Context, api typedcorev1.SecretInterface, seen []corev1.Secret) *Secrets {
	r := &Secrets{SecretInterface: api, ctx: context.WithoutCancel(ctx), kept: map[string]corev1.Secret{}}
	for _, s := range seen {
		r.kept[s.Name] = s
	}
	return r
}

// List selects among what was seen. Helm only ever asks for the one release by its labels.
func (r *Secrets) List(_ context.Context, opts metav1.ListOptions) (*corev1.SecretList, error) {
	selector, err := labels.Parse(opts.LabelSelector)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &corev1.SecretList{}
	for _, s := range byRevision(r.kept) {
		if selector.Matches(labels.Set(s.Labels)) {
			out.Items = append(out.Items, s)
		}
	}
	if n := len(out.Items); r.NewestOnly && n > 1 {
		out.Items = out.Items[n-1:]
	}
	return out, nil
}

// Get returns what was seen.
func (r *Secrets) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.Secret, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.kept[name]
	if !ok {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, name)
	}
	return &s, nil
}

// Create stores a new revision.
func (r *Secrets) Create(_ context.Context, s *corev1.Secret, opts metav1.CreateOptions) (*corev1.Secret, error) {
	return r.write(func(ctx context.Context) (*corev1.Secret, error) { return r.SecretInterface.Create(ctx, s, opts) }) //nolint:contextcheck // its own, see ctx
}

// Update stores a revision's new status.
func (r *Secrets) Update(_ context.Context, s *corev1.Secret, opts metav1.UpdateOptions) (*corev1.Secret, error) {
	if r.Unchanged {
		s.ResourceVersion = r.versionOf(s.Name)
	}
	return r.write(func(ctx context.Context) (*corev1.Secret, error) { return r.SecretInterface.Update(ctx, s, opts) }) //nolint:contextcheck // its own, see ctx
}

func (r *Secrets) versionOf(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept[name].ResourceVersion
}

func (r *Secrets) write(do func(context.Context) (*corev1.Secret, error)) (*corev1.Secret, error) {
	ctx, cancel := context.WithTimeout(r.ctx, storageTimeout)
	defer cancel()
	s, err := do(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed = errors.Join(r.failed, err)
		return nil, err
	}
	r.kept[s.Name] = *s
	return s, nil
}

// Delete removes a revision.
func (r *Secrets) Delete(_ context.Context, name string, opts metav1.DeleteOptions) error {
	ctx, cancel := context.WithTimeout(r.ctx, storageTimeout)
	defer cancel()
	err := r.SecretInterface.Delete(ctx, name, opts) //nolint:contextcheck // its own, see ctx
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && !apierrors.IsNotFound(err) {
		r.failed = errors.Join(r.failed, err)
		return err
	}
	delete(r.kept, name)
	return nil
}

// Now is the present content, oldest first, for the next look.
func (r *Secrets) Now() []corev1.Secret {
	r.mu.Lock()
	defer r.mu.Unlock()
	return byRevision(r.kept)
}

func byRevision(kept map[string]corev1.Secret) []corev1.Secret {
	return slices.SortedFunc(maps.Values(kept), func(a, b corev1.Secret) int { return Revision(&a) - Revision(&b) })
}

// Err is what Helm could not record.
func (r *Secrets) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// MaxHistory is how many revisions are kept. It is small because one revision of the newest chart takes more than half of what etcd stores in a value,
// and every look at the release transfers all of them.
const MaxHistory = 3

// Prune deletes the oldest revisions. Helm would do so by decoding all of them twice; their labels are enough.
func (r *Secrets) Prune(ctx context.Context) error {
	all := r.Now()
	var group errgroup.Group
	for _, old := range all[:max(0, len(all)-MaxHistory)] {
		if old.Labels["status"] == "deployed" {
			continue
		}
		group.Go(func() error { return r.Delete(ctx, old.Name, metav1.DeleteOptions{}) })
	}
	return group.Wait()
}
