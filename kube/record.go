package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// RecordName is the name of the record's ConfigMap, and of the lock's Lease.
const RecordName = "gen3-bootstrap"

// entrySettings is the record's one entry: JSON, the names and settings of the last up.
const entrySettings = "settings"

// RecordMax is how many bytes a record may have. One that an up writes has a few hundred.
const RecordMax = 64 << 10

// Record is the ConfigMap in which a namespace remembers what was made for it. Whoever may edit ConfigMaps in the namespace
// can write it, so it says where to look and proves nothing. Every write goes under the resourceVersion last seen, so that
// two runs cannot both believe to have written it. It is safe for concurrent use.
type Record struct {
	Client    *Client
	Namespace string

	mu       sync.Mutex
	object   *corev1.ConfigMap // nil: there is none
	settings json.RawMessage
}

// Load reads the record; its absence is no error. One without our label, one that is too large and one that is being
// deleted are errors with a hint.
func (r *Record) Load(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.load(ctx)
}

func (r *Record) load(ctx context.Context) error {
	object, err := r.Client.CoreV1().ConfigMaps(r.Namespace).Get(ctx, RecordName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		r.object, r.settings = nil, nil
		return nil
	}
	what := fmt.Sprintf("read record ConfigMap %s/%s", r.Namespace, RecordName)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	settings := object.Data[entrySettings]
	switch {
	case !IsOurs(object):
		return hint.With(fmt.Errorf("%s: it carries no label %s=%s, so it was not created by gen3-bootstrap", what, ManagedByLabel, ManagedBy),
			"rename or delete that ConfigMap, or label it if it is a record whose label was lost")
	case object.DeletionTimestamp != nil:
		return hint.With(fmt.Errorf("%s: it is being deleted, and what is written into it would go as well", what),
			"see what holds it: "+hint.Command("kubectl", "-n", r.Namespace, "get", "configmap", RecordName, "-o", "jsonpath={.metadata.finalizers}"))
	case len(settings) > RecordMax:
		return r.Refused(fmt.Errorf("it has %d bytes, and a record has at most %d", len(settings), RecordMax))
	}
	r.object, r.settings = object, json.RawMessage(settings)
	return nil
}

// Refused is the error of a record whose content is not what an up writes, with the way out.
func (r *Record) Refused(why error) error {
	return hint.With(fmt.Errorf("read record ConfigMap %s/%s: %w", r.Namespace, RecordName, why),
		"somebody edited it: restore it from a backup, or delete it and give the names as flags",
		hint.Command("kubectl", "-n", r.Namespace, "delete", "configmap", RecordName))
}

// Exists reports whether Load found a record.
func (r *Record) Exists() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.object != nil
}

// Settings returns the record's text, which should be JSON; empty when there is no record.
func (r *Record) Settings() json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings
}

// SaveSettings writes the settings, and makes the record where there is none.
func (r *Record) SaveSettings(ctx context.Context, settings json.RawMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	data := map[string]string{entrySettings: string(settings)}
	written, err := r.put(ctx, data)
	if err != nil {
		// The answer may have been lost after the write took effect: then the record says so itself.
		reloadErr := r.load(ctx)
		if reloadErr == nil && r.object != nil && maps.Equal(r.object.Data, data) {
			return nil
		}
		return fmt.Errorf("write record ConfigMap %s/%s: %w", r.Namespace, RecordName, err)
	}
	r.object, r.settings = written, settings
	return nil
}

func (r *Record) put(ctx context.Context, data map[string]string) (*corev1.ConfigMap, error) {
	api := r.Client.CoreV1().ConfigMaps(r.Namespace)
	if r.object == nil {
		object := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: RecordName, Namespace: r.Namespace, Labels: map[string]string{ManagedByLabel: ManagedBy}},
			Data:       data,
		}
		return api.Create(ctx, object, metav1.CreateOptions{FieldManager: FieldManager}) // SaveSettings wraps
	}
	object := r.object.DeepCopy() // carries the resourceVersion that was seen
	object.Data = data
	return api.Update(ctx, object, metav1.UpdateOptions{FieldManager: FieldManager}) // SaveSettings wraps
}
