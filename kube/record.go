package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// RecordName is the name of the record's ConfigMap, and of the lock's Lease.
const RecordName = "gen3-bootstrap"

const (
	entrySettings = "settings" // JSON: the names and settings of the last up
	entryMints    = "mints"    // JSON: the intents of mints, oldest first
)

// Record is the ConfigMap in which a namespace remembers what was made for it. Every write goes under the
// resourceVersion last seen, so that two runs cannot both believe to have written it. It is safe for concurrent use.
type Record struct {
	Client    *Client
	Namespace string

	mu       sync.Mutex
	object   *corev1.ConfigMap // nil: there is none
	settings json.RawMessage
	mints    []credential.Mint
}

// Load reads the record; its absence is no error. One that cannot be parsed is an error with a hint, since guessing
// at an open mint could cost a key.
func (r *Record) Load(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.load(ctx)
}

func (r *Record) load(ctx context.Context) error {
	object, err := r.Client.CoreV1().ConfigMaps(r.Namespace).Get(ctx, RecordName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		r.object, r.settings, r.mints = nil, nil, nil
		return nil
	}
	if err != nil {
		return fmt.Errorf("get record ConfigMap %s/%s: %w", r.Namespace, RecordName, err)
	}
	if object.Labels[ManagedByLabel] != ManagedBy {
		return hint.With(fmt.Errorf("get record ConfigMap %s/%s: it carries no label %s=%s, so it is not ours", r.Namespace, RecordName, ManagedByLabel, ManagedBy),
			"rename or delete that ConfigMap, or label it if it is a record whose label was lost")
	}
	mints, err := parseMints(object.Data[entryMints])
	if err != nil {
		return hint.With(fmt.Errorf("parse record ConfigMap %s/%s: %w", r.Namespace, RecordName, err),
			"somebody edited it; restore its data, or delete it: keys are then told by their Secrets and tags")
	}
	r.object, r.mints, r.settings = object, mints, nil
	if text := object.Data[entrySettings]; json.Valid([]byte(text)) {
		r.settings = json.RawMessage(text)
	}
	return nil
}

func parseMints(text string) ([]credential.Mint, error) {
	if text == "" {
		return nil, nil
	}
	var mints []credential.Mint
	if err := json.Unmarshal([]byte(text), &mints); err != nil {
		return nil, fmt.Errorf("%s: %w", entryMints, err)
	}
	return mints, nil
}

// Exists reports whether Load found a record.
func (r *Record) Exists() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.object != nil
}

// Settings returns the JSON of the last up's settings, nil when there is none.
func (r *Record) Settings() json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings
}

// Mints returns the intents, oldest first.
func (r *Record) Mints() []credential.Mint {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mints)
}

// SaveSettings writes the settings, and makes the record where there is none.
func (r *Record) SaveSettings(ctx context.Context, settings json.RawMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.save(ctx, settings, r.mints)
}

// SaveMints writes the intents, of which the last ten closed ones are kept.
func (r *Record) SaveMints(ctx context.Context, mints []credential.Mint) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.save(ctx, r.settings, credential.Trim(mints))
}

func (r *Record) save(ctx context.Context, settings json.RawMessage, mints []credential.Mint) error {
	data, err := recordData(settings, mints)
	if err != nil {
		return err
	}
	written, err := r.put(ctx, data)
	if err != nil {
		// The answer may have been lost after the write took effect: then the record says so itself.
		reloadErr := r.load(ctx)
		if reloadErr == nil && r.object != nil && maps.Equal(r.object.Data, data) {
			return nil
		}
		return fmt.Errorf("write record ConfigMap %s/%s: %w", r.Namespace, RecordName, err)
	}
	r.object, r.settings, r.mints = written, settings, mints
	return nil
}

func recordData(settings json.RawMessage, mints []credential.Mint) (map[string]string, error) {
	data := map[string]string{}
	if settings != nil {
		data[entrySettings] = string(settings)
	}
	if len(mints) > 0 {
		text, err := json.MarshalIndent(mints, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("marshal mints: %w", err)
		}
		data[entryMints] = string(text)
	}
	return data, nil
}

func (r *Record) put(ctx context.Context, data map[string]string) (*corev1.ConfigMap, error) {
	api := r.Client.CoreV1().ConfigMaps(r.Namespace)
	if r.object == nil {
		object := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: RecordName, Namespace: r.Namespace, Labels: map[string]string{ManagedByLabel: ManagedBy}},
			Data:       data,
		}
		return api.Create(ctx, object, metav1.CreateOptions{FieldManager: FieldManager}) // save wraps
	}
	object := r.object.DeepCopy() // carries the resourceVersion that was seen
	object.Data = data
	return api.Update(ctx, object, metav1.UpdateOptions{FieldManager: FieldManager}) // save wraps
}
