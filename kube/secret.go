package kube

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// KeySecrets stores one access key in Secrets of one namespace, and in copies of them that were found. It satisfies
// accesskey.Store.
type KeySecrets struct {
	Client    *Client
	Namespace string
	Names     []string
	Adopt     bool // write also over Secrets that gen3-bootstrap did not create

	mu     sync.Mutex
	copies []string                  // further ones as "namespace/name": see Include
	seen   map[string]*corev1.Secret // by "namespace/name", as Observe found them
}

// Observe returns what each Secret holds, in the order of Names, and then the copies.
func (s *KeySecrets) Observe(ctx context.Context) ([]credential.Held, error) {
	var refs []string
	for _, name := range s.Names {
		refs = append(refs, s.Namespace+"/"+name)
	}
	s.mu.Lock()
	refs = append(refs, s.copies...)
	s.mu.Unlock()
	return parallel.Map(ctx, refs, func(ctx context.Context, ref string) (credential.Held, error) {
		secret, err := s.get(ctx, ref)
		s.remember(ref, secret)
		return s.held(ref, secret), err
	})
}

func (s *KeySecrets) remember(ref string, secret *corev1.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]*corev1.Secret{}
	}
	s.seen[ref] = secret
}

func (s *KeySecrets) remembered(ref string) *corev1.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[ref].DeepCopy()
}

// get reads a Secret that is given as "namespace/name"; nil: there is none.
func (s *KeySecrets) get(ctx context.Context, ref string) (*corev1.Secret, error) {
	namespace, name, _ := strings.Cut(ref, "/")
	secret, err := s.Client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // absence is an answer here, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("get Secret %s: %w", ref, err)
	}
	return secret, nil
}

func (s *KeySecrets) held(ref string, secret *corev1.Secret) credential.Held {
	held := credential.Held{Name: ref}
	if secret == nil {
		return held
	}
	// In another namespace the label proves nothing: whoever has the key there would be handed the next one as well.
	held.Exists, held.Ours = true, secret.Labels[ManagedByLabel] == ManagedBy && secret.Namespace == s.Namespace
	held.Keeper, held.LetGo = keeper(secret)
	held.Immutable = secret.Immutable != nil && *secret.Immutable
	held.Terminating = secret.DeletionTimestamp != nil
	held.Created = secret.CreationTimestamp.Time
	held.Empty = len(secret.Data) == 0
	for _, entry := range []string{credential.EntryKeyID, credential.EntryKeySecret, credential.EntryCredentials} {
		if len(secret.Data[entry]) == 0 {
			held.Lacks = append(held.Lacks, entry)
		}
	}
	id, half := strings.TrimSpace(string(secret.Data[credential.EntryKeyID])), string(secret.Data[credential.EntryKeySecret])
	if !isKeyID(id) || half == "" {
		return held
	}
	held.Key = credential.Key{ID: id, Secret: redact.New(half)}
	held.Complete = maps.EqualFunc(secret.Data, s.filled(ref, secret.Data, held.Key), func(a, b []byte) bool { return string(a) == string(b) })
	held.Noted = secret.Annotations[ProvedAnnotation] == note(held.Key)
	return held
}

// ProvedAnnotation notes on a Secret which key in it was proved when it was written, so that a later look need not use the key only to
// see that it works: its last use would then always be that look.
const ProvedAnnotation = "gen3-bootstrap/proved"

// note is "<access key id> <digest>". The digest tells nothing of the secret half, which is random and long.
func note(key credential.Key) string {
	return fmt.Sprintf("%s %x", key.ID, sha256.Sum256([]byte(key.ID+":"+key.Secret.Reveal())))
}

// isKeyID tells an access key id, which is printed and sent in the clear, from a secret half that stands in its place:
// ids have capitals and digits alone, AWS's as well as the emulators', and halves have all of base64.
func isKeyID(text string) bool {
	matched, _ := regexp.MatchString("^[A-Z0-9]{16,128}$", text) // the pattern is sound
	return matched
}

// entries is what a Secret holds of a key: exactly this, so that it can be compared as a whole.
func entries(key credential.Key) map[string][]byte {
	file := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key.ID, key.Secret.Reveal())
	return map[string][]byte{
		credential.EntryKeyID:       []byte(key.ID),
		credential.EntryKeySecret:   []byte(key.Secret.Reveal()),
		credential.EntryCredentials: []byte(file),
	}
}

// Rehearse asks the API server whether the Secret could be written, by a server-side dry run with a stand-in for the
// key: admission, quota and RBAC all have their say, and nothing persists.
func (s *KeySecrets) Rehearse(ctx context.Context, held credential.Held) error {
	key := credential.Key{ID: "rehearsal", Secret: redact.New("rehearsal")}
	if err := s.write(ctx, held, key, []string{metav1.DryRunAll}); err != nil {
		return hint.With(fmt.Errorf("rehearse writing Secret %s: %w", held.Name, err), quotaHint(err, s.Namespace))
	}
	return nil
}

// Write puts the key into the Secret that was seen as held, under the resourceVersion that Observe saw, and reads it
// back. A Secret that changed meanwhile, or that somebody else made, is an error and is kept as it is. A write whose
// answer was lost, or was a conflict with its own first try, counts when the Secret then is as written. Where that cannot
// be read, or the key is there beside what was not written, the error is credential.ErrUnclear.
func (s *KeySecrets) Write(ctx context.Context, held credential.Held, key credential.Key) error {
	writeErr := s.write(ctx, held, key, nil)
	if isRefusal(writeErr) {
		return fmt.Errorf("write Secret %s: %w", held.Name, writeErr)
	}
	back, err := s.readBack(ctx, held.Name)
	there := back.Key.ID == key.ID && back.Key.Secret.Equal(key.Secret)
	switch {
	case err != nil:
		return fmt.Errorf("write Secret %s: %w: %w", held.Name, credential.ErrUnclear, errors.Join(writeErr, err))
	case there && (writeErr == nil || back.Ours && back.Complete):
		return nil
	case there: // so the key must stay, whoever put it there
		return fmt.Errorf("write Secret %s: %w: %w", held.Name, credential.ErrUnclear, writeErr)
	case writeErr != nil:
		return fmt.Errorf("write Secret %s: %w", held.Name, writeErr)
	default:
		return fmt.Errorf("write Secret %s: it does not hold access key %s when read back", held.Name, key.ID)
	}
}

// isRefusal reports that the API server answered, and that the answer means that nothing was written. A conflict does
// not: a request that was sent twice gets one for its own first try, as a second create finds what the first made.
func isRefusal(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsNotFound(err) ||
		apierrors.IsUnauthorized(err) || apierrors.IsBadRequest(err) || apierrors.IsMethodNotSupported(err)
}

func (s *KeySecrets) readBack(ctx context.Context, ref string) (credential.Held, error) {
	var secret *corev1.Secret
	again := wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Steps: 4}
	err := retry.OnError(again, func(error) bool { return ctx.Err() == nil }, func() (err error) {
		secret, err = s.get(ctx, ref)
		return err
	})
	return s.held(ref, secret), err // get names the Secret
}

func (s *KeySecrets) write(ctx context.Context, held credential.Held, key credential.Key, dryRun []string) error {
	namespace, name, _ := strings.Cut(held.Name, "/")
	api := s.Client.CoreV1().Secrets(namespace)
	secret := s.remembered(held.Name)
	if secret == nil {
		secret = &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Name: name, Namespace: namespace, Labels: map[string]string{ManagedByLabel: ManagedBy}, Annotations: map[string]string{ProvedAnnotation: note(key)},
			},
			Type: corev1.SecretTypeOpaque,
			Data: entries(key),
		}
		_, err := api.Create(ctx, secret, metav1.CreateOptions{FieldManager: FieldManager, DryRun: dryRun})
		return err // both callers say what they were doing
	}
	if ours := secret.Labels[ManagedByLabel] == ManagedBy && namespace == s.Namespace; !ours && !s.Adopt {
		return fmt.Errorf("it carries no label %s=%s, or is in another namespace", ManagedByLabel, ManagedBy)
	}
	if namespace == s.Namespace {
		metav1.SetMetaDataLabel(&secret.ObjectMeta, ManagedByLabel, ManagedBy)
		metav1.SetMetaDataAnnotation(&secret.ObjectMeta, ProvedAnnotation, note(key))
	}
	secret.Data = s.filled(held.Name, secret.Data, key)
	_, err := api.Update(ctx, secret, metav1.UpdateOptions{FieldManager: FieldManager, DryRun: dryRun})
	return err // both callers say what they were doing
}
