package stored

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
)

// Driver is Helm's Secrets driver with another compression level. Helm takes the best, which costs ten times
// the time for three per cent of the size, twice in every install; that was half of all the work.
type Driver struct {
	*driver.Secrets
	api *Secrets
	now func() time.Time
}

// NewDriver makes one over the Secrets of a namespace; now is for the labels that Helm gives them.
func NewDriver(api *Secrets, now func() time.Time) Driver {
	return Driver{Secrets: driver.NewSecrets(api), api: api, now: now}
}

// Create implements driver.Creator.
func (d Driver) Create(key string, rel *release.Release) error {
	secret, err := NewSecret(key, rel, "createdAt", d.now())
	if err != nil {
		return err
	}
	_, err = d.api.Create(context.Background(), secret, metav1.CreateOptions{}) // api has its own
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("another run is at work on it: %w", driver.ErrReleaseExists)
	}
	if err != nil {
		return fmt.Errorf("create Secret %s: %w", key, err)
	}
	return nil
}

// Update implements driver.Updator.
func (d Driver) Update(key string, rel *release.Release) error {
	secret, err := NewSecret(key, rel, "modifiedAt", d.now())
	if err != nil {
		return err
	}
	_, err = d.api.Update(context.Background(), secret, metav1.UpdateOptions{}) // api has its own
	if err != nil {
		return fmt.Errorf("update Secret %s: %w", key, err)
	}
	return nil
}

// NewSecret makes the Secret as Helm makes it, so that the helm command works on the release as on its own, and adds
// a mark that tells who wrote it.
func NewSecret(key string, rel *release.Release, stamp string, now time.Time) (*corev1.Secret, error) {
	data, err := EncodeRelease(rel)
	if err != nil {
		return nil, fmt.Errorf("encode release %s: %w", rel.Name, err)
	}
	labels := maps.Clone(rel.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[stamp] = strconv.FormatInt(now.Unix(), 10)
	labels[MarkLabel] = Mark(rel.Version, rel.Info.Status, rel.Info.Deleted)
	labels["name"], labels["owner"] = rel.Name, "helm"
	labels["status"], labels["version"] = rel.Info.Status.String(), strconv.Itoa(rel.Version)
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: key, Labels: labels},
		Type:       storedrelease.SecretType,
		Data:       map[string][]byte{storedrelease.Entry: data},
	}, nil
}

// EncodeRelease is a release as it stands in its Secret: JSON, packed with gzip, in base64.
func EncodeRelease(rel *release.Release) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if err := json.NewEncoder(w).Encode(rel); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(nil, packed.Bytes()), nil
}
