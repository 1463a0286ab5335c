package kube

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
)

// Include adds Secrets, given as "namespace/name", to those that Observe reads and Write writes. Entries of theirs that are not
// the key's are kept.
func (s *KeySecrets) Include(refs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range refs {
		if !s.named(ref) && !slices.Contains(s.copies, ref) {
			s.copies = append(s.copies, ref)
		}
	}
}

// named reports whether a Secret is one of Names.
func (s *KeySecrets) named(ref string) bool {
	return slices.ContainsFunc(s.Names, func(name string) bool { return s.Namespace+"/"+name == ref })
}

// filled is what a Secret with these entries is to have once it holds the key: that and nothing else, but in a copy, which
// somebody may have given more.
func (s *KeySecrets) filled(ref string, have map[string][]byte, key credential.Key) map[string][]byte {
	if s.named(ref) {
		return entries(key)
	}
	out := maps.Clone(have)
	if out == nil {
		out = map[string][]byte{}
	}
	maps.Copy(out, entries(key))
	return out
}

// Copies finds the Secrets beside Names that have a key in them, both halves of it where the secret half is given: whoever may
// write a Secret can write any id. It looks in all namespaces, or, where that is not allowed, in its own; then everywhere is false.
func (s *KeySecrets) Copies(ctx context.Context, key credential.Key) (found []credential.Copy, everywhere bool, err error) {
	found, err = s.copiesIn(ctx, metav1.NamespaceAll, key)
	if !apierrors.IsForbidden(err) {
		return found, err == nil, err
	}
	found, err = s.copiesIn(ctx, s.Namespace, key)
	return found, false, err
}

// inForm reports whether a key stands in the entries that Write writes, and in no other one, which would keep it.
func inForm(data map[string][]byte, id, half string) bool {
	for entry, value := range data {
		switch entry {
		case credential.EntryKeyID, credential.EntryKeySecret, credential.EntryCredentials:
		default:
			if bytes.Contains(value, []byte(id)) || half != "" && bytes.Contains(value, []byte(half)) {
				return false
			}
		}
	}
	return bytes.Equal(bytes.TrimSpace(data[credential.EntryKeyID]), []byte(id))
}

func (s *KeySecrets) copiesIn(ctx context.Context, namespace string, key credential.Key) (found []credential.Copy, err error) {
	searched := 0
	err = pages.Each(ctx, s.Client.CoreV1().Secrets(namespace).List, metav1.ListOptions{Limit: pageSize}, func(secret *corev1.Secret) {
		ref := secret.Namespace + "/" + secret.Name
		if s.named(ref) {
			return
		}
		half := key.Secret.Reveal()
		in, looked, _ := heldIn(secret, []string{key.ID, half}, searched <= maxSearched)
		searched += looked
		if in[key.ID] && (half == "" || in[half]) {
			found = append(found, credential.Copy{Name: ref, InForm: inForm(secret.Data, key.ID, half)})
		}
	})
	if err != nil {
		where := "all namespaces"
		if namespace != "" {
			where = "namespace " + namespace
		}
		return nil, fmt.Errorf("list Secrets of %s: %w", where, err)
	}
	return found, nil
}
