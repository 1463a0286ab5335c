package kube

import (
	"bytes"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageSize is how many Secrets are read at once; a cluster may have thousands.
const pageSize = 200

// Holders returns, for each access key id that any Secret of the cluster holds in any of its entries, the names of those
// Secrets as "namespace/name". It reads every Secret, and is asked only before a key is deleted that is not ours.
func (s *KeySecrets) Holders(ctx context.Context, ids []string) (map[string][]string, error) {
	out := map[string][]string{}
	options := metav1.ListOptions{Limit: pageSize}
	for {
		page, err := s.Client.CoreV1().Secrets(metav1.NamespaceAll).List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("list Secrets of all namespaces: %w", err)
		}
		for i := range page.Items {
			for _, id := range ids {
				if holds(&page.Items[i], id) {
					out[id] = append(out[id], page.Items[i].Namespace+"/"+page.Items[i].Name)
				}
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return out, nil
		}
	}
}

func holds(secret *corev1.Secret, id string) bool {
	for _, value := range secret.Data {
		if bytes.Contains(value, []byte(id)) {
			return true
		}
	}
	return false
}
