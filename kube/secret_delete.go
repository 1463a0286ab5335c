package kube

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// Delete deletes the Secret last observed as held, under the resourceVersion that Observe saw: one that somebody
// changed meanwhile is kept, and is an error. One that does not exist is no error.
func (s *KeySecrets) Delete(ctx context.Context, held credential.Held) error {
	namespace, name, _ := strings.Cut(held.Name, "/")
	seen := s.remembered(held.Name)
	if seen == nil {
		return nil
	}
	if !IsOurs(seen) {
		return fmt.Errorf("delete Secret %s: it carries no label %s=%s", held.Name, ManagedByLabel, ManagedBy)
	}
	err := s.Client.CoreV1().Secrets(namespace).Delete(ctx, name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &seen.UID, ResourceVersion: &seen.ResourceVersion},
	})
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	// The answer may have been lost after the Secret went.
	if now, readErr := s.get(ctx, held.Name); readErr == nil && (now == nil || now.UID != seen.UID) {
		return nil
	}
	return fmt.Errorf("delete Secret %s: %w", held.Name, err)
}
