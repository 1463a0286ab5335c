package kube

import (
	"bytes"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
)

// pageSize is how many Secrets are read at once: a cluster may have thousands, and each may be a MiB.
const pageSize = 30

// maxSearched is how many unpacked bytes of Helm's releases are looked through, which takes some seconds: whoever has a namespace
// can store many that are large.
const maxSearched = 2 << 30

// Holders returns, for each access key id that any Secret of the cluster holds in any of its entries, the names of those
// Secrets as "namespace/name". A Secret that cannot be searched may hold any of them; its name then ends in " (which cannot be
// searched)". It reads every Secret, and is asked only before a key is deleted that is not ours.
func (s *KeySecrets) Holders(ctx context.Context, ids []string) (map[string][]string, error) {
	out := map[string][]string{}
	options := metav1.ListOptions{Limit: pageSize}
	searched := 0
	err := pages.Each(ctx, s.Client.CoreV1().Secrets(metav1.NamespaceAll).List, options, func(secret *corev1.Secret) {
		name := secret.Namespace + "/" + secret.Name
		found, looked, ok := heldIn(secret, ids, searched <= maxSearched)
		searched += looked
		for _, id := range ids {
			switch {
			case found[id]:
				out[id] = append(out[id], name)
			case !ok:
				out[id] = append(out[id], name+" (which cannot be searched)")
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list Secrets of all namespaces: %w", err)
	}
	return out, nil
}

// heldIn looks into releases of Helm as well, which have the values that people gave. Keys pasted into a values file may be
// nowhere else: the gen3 chart renders no Secret of them with useLocalSecret. Not ok: nobody can tell. A key that is
// in use must not be deleted.
func heldIn(secret *corev1.Secret, ids []string, unpack bool) (found map[string]bool, looked int, ok bool) {
	found, ok = map[string]bool{}, true
	for entry, value := range secret.Data {
		if secret.Type == storedrelease.SecretType && entry == storedrelease.Entry {
			if !unpack {
				ok = false
				continue
			}
			in, n, err := storedrelease.Search(value, ids)
			looked, ok = looked+n, ok && err == nil
			for id, has := range in {
				found[id] = found[id] || has
			}
			continue
		}
		for _, id := range ids {
			found[id] = found[id] || bytes.Contains(value, []byte(id))
		}
	}
	return found, looked, ok
}
