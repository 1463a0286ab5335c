package stored

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	helmtime "helm.sh/helm/v3/pkg/time"
	corev1 "k8s.io/api/core/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// The marks that a release of ours carries, as labels of the Secret that stores it. Helm keeps them over upgrades,
// also over those that somebody makes with the helm command; MarkLabel says what of it a run of ours stored itself.
const (
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedBy      = "gen3-bootstrap"
	DigestLabel    = "gen3-bootstrap/chart-digest"
	MarkLabel      = "gen3-bootstrap/stored"
)

// Mark is the value of MarkLabel. One that Helm carried along names another revision, status or uninstall than
// the Secret has.
func Mark(revision int, status release.Status, deleted helmtime.Time) string {
	mark := fmt.Sprintf("%d.%s", revision, status)
	if status == release.StatusUninstalling {
		mark += fmt.Sprintf(".%d", deleted.Unix())
	}
	return mark
}

// Record is a stored release, as far as a decision needs it. Helm's own type would decode the whole chart.
type Record struct {
	Name      string         `json:"name"`
	Namespace string         `json:"namespace"`
	Revision  int            `json:"version"`
	Config    map[string]any `json:"config"`
	Manifest  string         `json:"manifest"`
	Info      struct {
		Status       release.Status `json:"status"`
		Description  string         `json:"description"`
		LastDeployed helmtime.Time  `json:"last_deployed"`
		Deleted      helmtime.Time  `json:"deleted"`
	} `json:"info"`
	Chart struct {
		Metadata struct {
			Name         string              `json:"name"`
			Version      string              `json:"version"`
			AppVersion   string              `json:"appVersion"`
			Dependencies []*chart.Dependency `json:"dependencies"`
		} `json:"metadata"`
		Lock struct {
			Dependencies []*chart.Dependency `json:"dependencies"`
		} `json:"lock"`
	} `json:"chart"`
	Hooks []struct {
		Name     string   `json:"name"`
		Kind     string   `json:"kind"`
		Manifest string   `json:"manifest"`
		Events   []string `json:"events"`
	} `json:"hooks"`
	Labels map[string]string `json:"-"`
}

// DeleteHooks name what Helm would create when the release is uninstalled.
func (r *Record) DeleteHooks() []string {
	var out []string
	for _, h := range r.Hooks {
		if slices.Contains(h.Events, "pre-delete") || slices.Contains(h.Events, "post-delete") {
			out = append(out, words.Brief(h.Kind+"/"+h.Name))
		}
	}
	return out
}

// Marked reports whether the release's Secret carries our label. That alone is no proof; see the package comment.
func (r *Record) Marked() bool { return r.Labels[ManagedByLabel] == ManagedBy }

// StoredByUs reports whether a run of ours gave the revision the status that it has.
func (r *Record) StoredByUs() bool {
	return r.Labels[MarkLabel] == Mark(r.Revision, r.Info.Status, r.Info.Deleted)
}

// Since is when the operation began that gave the revision its status.
func (r *Record) Since() time.Time {
	if r.Info.Status == release.StatusUninstalling && !r.Info.Deleted.IsZero() {
		return r.Info.Deleted.Time
	}
	return r.Info.LastDeployed.Time
}

// Pending reports whether an operation on the release has begun and not ended, as far as storage tells.
func (r *Record) Pending() bool {
	return r.Info.Status.IsPending() || r.Info.Status == release.StatusUninstalling
}

// Latest decodes the newest revision among the Secrets of one release; nil if there are none.
func Latest(secrets []corev1.Secret) (*Record, error) {
	var newest *corev1.Secret
	for i := range secrets {
		if newest == nil || Revision(&secrets[i]) > Revision(newest) {
			newest = &secrets[i]
		}
	}
	if newest == nil {
		return nil, nil
	}
	rec, err := decodeRecord(newest.Data["release"])
	if err != nil {
		return nil, hint.With(fmt.Errorf("decode release in Secret %s/%s: %w", newest.Namespace, newest.Name, err),
			"helm cannot have stored it so; without it the revision before it counts: "+
				hint.Command("kubectl", "-n", newest.Namespace, "delete", "secret", newest.Name))
	}
	rec.Labels = newest.Labels
	return rec, nil
}

// LastThatWorked decodes the deployed revision under a newest one that failed. Like latest without any, it is nil where
// none is or where it cannot be read: then the newest is all there is to go by.
func LastThatWorked(newest *Record, secrets []corev1.Secret) *Record {
	if newest == nil || newest.Info.Status != release.StatusFailed {
		return nil
	}
	deployed := slices.DeleteFunc(slices.Clone(secrets), func(s corev1.Secret) bool {
		return s.Labels["status"] != release.StatusDeployed.String()
	})
	rec, _ := Latest(deployed)
	return rec
}

// Revision is which revision a Secret stores.
func Revision(s *corev1.Secret) int {
	n, _ := strconv.Atoi(s.Labels["version"]) // a Secret without one is older than any
	return n
}

func decodeRecord(stored []byte) (*Record, error) {
	data, err := storedrelease.Unpack(stored)
	if err != nil {
		return nil, err
	}
	return ParseRecord(data)
}

// ParseRecord reads what storedrelease.Unpack unpacked.
func ParseRecord(data []byte) (*Record, error) {
	rec := &Record{}
	if err := json.Unmarshal(data, rec); err != nil {
		return nil, errors.New("not a Helm 3 release")
	}
	return rec, nil
}
