package helminstall

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxHistory is small because one revision of the newest chart takes more than half of what etcd stores in a value,
// and every look at the release transfers all of them.
const maxHistory = 3

// prune deletes the oldest revisions. Helm would do so by decoding all of them twice; their labels are enough. What it
// cannot delete is only a warning, and the next change tries again.
func (s *Step) prune(ctx context.Context, secrets *releaseSecrets) {
	all := secrets.now()
	var group errgroup.Group
	for _, old := range all[:max(0, len(all)-maxHistory)] {
		if old.Labels["status"] == "deployed" {
			continue
		}
		group.Go(func() error { return secrets.Delete(ctx, old.Name, metav1.DeleteOptions{}) })
	}
	if err := group.Wait(); err != nil {
		s.warnings = append(s.warnings, fmt.Sprintf("delete old revisions of release %s: %v", s.Settings.Release, err))
	}
	s.seen.secrets = secrets.now()
}
