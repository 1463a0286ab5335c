package helminstall

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// hasEnded reports that a release is gone for sure: no operator of it runs anywhere in the cluster, and its namespace does not
// exist, or has nothing stored of it. Where any of that may not be read, it may be there.
func (s *Step) hasEnded(ctx context.Context, by owner.Owner) bool {
	runs := func(o Operator) bool { return o.Owner == by }
	if by.Release == "" || by.GitOps() || s.seen.Unseen != "" || slices.ContainsFunc(s.seen.Operators, runs) {
		return false
	}
	ended := false
	_, err := s.Client.CoreV1().Namespaces().Get(ctx, by.Namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		ended = true
	case err == nil:
		list, err := s.Client.CoreV1().Secrets(by.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + by.Release, Limit: 1})
		ended = err == nil && len(list.Items) == 0
	}
	if ended {
		s.noteEnded(by)
	}
	return ended
}

func (s *Step) noteEnded(by owner.Owner) {
	s.noting.Lock()
	defer s.noting.Unlock()
	if s.ended == nil {
		s.ended = map[owner.Owner]bool{}
	}
	s.ended[by] = true
}

// hasSeenEnd reports that hasEnded was true for it.
func (s *Step) hasSeenEnd(by owner.Owner) bool {
	s.noting.Lock()
	defer s.noting.Unlock()
	return s.ended[by]
}
