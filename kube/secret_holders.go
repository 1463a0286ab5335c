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

// Holders returns, for each access key id that any Secret of the cluster holds in any of its entries, the names of those
// Secrets as "namespace/name". It reads every Secret, and is asked only before a key is deleted that is not ours.
func (s *KeySecrets) Holders(ctx context.Context, ids []string) (map[string][]string, error) {
	out := map[string][]string{}
	options := metav1.ListOptions{Limit: pageSize}
	err := pages.Each(ctx, s.Client.CoreV1().Secrets(metav1.NamespaceAll).List, options, func(secret *corev1.Secret) {
		for _, id := range ids {
			if holds(secret, id) {
				out[id] = append(out[id], secret.Namespace+"/"+secret.Name)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list Secrets of all namespaces: %w", err)
	}
	return out, nil
}

// holds looks into releases of Helm as well, which have the values that people gave. Keys pasted into a values file may be
// nowhere else: the gen3 chart renders no Secret of them with useLocalSecret.
func holds(secret *corev1.Secret, id string) bool {
	for entry, value := range secret.Data {
		if secret.Type == storedrelease.SecretType && entry == storedrelease.Entry {
			plain, err := storedrelease.Unpack(value)
			if err != nil {
				return true // nobody can tell, and a key that is in use must not be deleted
			}
			value = plain
		}
		if bytes.Contains(value, []byte(id)) {
			return true
		}
	}
	return false
}
