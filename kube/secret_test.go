package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

const (
	exampleID   = "AKIAIOSFODNN7EXAMPLE"
	exampleHalf = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func exampleKey() credential.Key {
	return credential.Key{ID: exampleID, Secret: redact.New(exampleHalf)}
}

// keySecret is a Secret of ours.
func keySecret(data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "key", Namespace: "gen3", Labels: map[string]string{ManagedByLabel: ManagedBy}},
		Data:       data,
	}
}

// onlyKey are the two entries that the chart reads, without the third.
func onlyKey(id, half string) map[string][]byte {
	return map[string][]byte{credential.EntryKeyID: []byte(id), credential.EntryKeySecret: []byte(half)}
}

func keySecrets(objects ...runtime.Object) (*KeySecrets, *fake.Clientset) {
	api := fake.NewClientset(objects...)
	return &KeySecrets{Client: &Client{Interface: api}, Namespace: "gen3", Names: []string{"key"}}, api
}

// TestHeldKey reads a key only out of what looks like one: an id is printed, and a secret half never.
func TestHeldKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ id, half, want string }{
		"a key":                {exampleID, exampleHalf, exampleID},
		"a line's end":         {exampleID + "\n", exampleHalf, exampleID},
		"of LocalStack":        {"LKIAQAAAAAAAAEXAMPLE", exampleHalf, "LKIAQAAAAAAAAEXAMPLE"},
		"the longest":          {strings.Repeat("A", 128), exampleHalf, strings.Repeat("A", 128)},
		"swapped":              {exampleHalf, exampleID, ""},
		"swapped, no signs":    {strings.Repeat("aB3", 13) + "x", exampleID, ""},
		"the file":             {"[default]\naws_access_key_id = " + exampleID, exampleHalf, ""},
		"both in one":          {exampleID + ":" + exampleHalf, exampleHalf, ""},
		"encoded twice":        {"QUtJQUlPU0ZPRE5ON0VYQU1QTEU=", exampleHalf, ""},
		"too short":            {"AKIA", exampleHalf, ""},
		"too long":             {strings.Repeat("A", 129), exampleHalf, ""},
		"a secret half's lack": {exampleID, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := keySecrets(keySecret(onlyKey(test.id, test.half)))
			all, err := store.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			held := all[0]
			if held.Key.ID != test.want || (test.want == "") != held.Key.Secret.IsZero() || !held.Exists || held.Empty || held.Complete {
				t.Errorf("%+v, want key %q", held, test.want)
			}
			if printed := fmt.Sprintf("%+v", held); strings.Contains(printed, exampleHalf) {
				t.Errorf("the secret half is printed: %s", printed)
			}
		})
	}
}

func conflict() error {
	return apierrors.NewConflict(schema.GroupResource{Resource: "secrets"}, "key", errors.New("the object has been modified"))
}

func exists() error {
	return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "secrets"}, "key")
}

// answering makes each write of a Secret leave what is given in its place, and then answer the error. nil leaves it alone.
func answering(t *testing.T, api *fake.Clientset, left *corev1.Secret, err error) {
	t.Helper()
	answer := func(clienttesting.Action) (bool, runtime.Object, error) {
		if left != nil {
			secrets := corev1.SchemeGroupVersion.WithResource("secrets")
			_ = api.Tracker().Delete(secrets, "gen3", "key")
			if err := api.Tracker().Create(secrets, left, "gen3"); err != nil {
				t.Error(err)
			}
		}
		return true, nil, err
	}
	api.PrependReactor("create", "secrets", answer)
	api.PrependReactor("update", "secrets", answer)
}

// TestWriteIsReadBack: an answer that a repeated request got tells of the first try, not of nothing written.
func TestWriteIsReadBack(t *testing.T) {
	t.Parallel()
	ours, others := keySecret(entries(exampleKey())), keySecret(onlyKey("AKIAI44QH8DHBEXAMPLE", "another half"))
	unmarked := keySecret(entries(exampleKey()))
	unmarked.Labels = nil
	before := keySecret(nil)
	for name, test := range map[string]struct {
		before, left *corev1.Secret
		answer       error
		fails        error
		unclear      bool
	}{
		"conflict with our own update": {before: before, left: ours, answer: conflict()},
		"conflict with another's":      {before: before, left: others, answer: conflict(), fails: conflict()},
		"conflict, and nothing there":  {before: before, answer: conflict(), fails: conflict()},
		"our own create":               {left: ours, answer: exists()},
		"another's create":             {left: others, answer: exists(), fails: exists()},
		"our key beside other entries": {before: before, left: keySecret(onlyKey(exampleID, exampleHalf)), answer: conflict(), fails: conflict(), unclear: true},
		"our key without our mark":     {before: before, left: unmarked, answer: conflict(), fails: conflict(), unclear: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var objects []runtime.Object
			if test.before != nil {
				objects = append(objects, test.before.DeepCopy())
			}
			store, api := keySecrets(objects...)
			held, err := store.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			answering(t, api, test.left.DeepCopy(), test.answer)
			err = store.Write(t.Context(), held[0], exampleKey())
			if (err != nil) != (test.fails != nil) || err != nil && !strings.Contains(err.Error(), test.fails.Error()) {
				t.Errorf("got %v, want %v", err, test.fails)
			}
			if errors.Is(err, credential.ErrUnclear) != test.unclear {
				t.Errorf("%v: unclear is not %v", err, test.unclear)
			}
		})
	}
}

// TestWriteUnclear: a conflict whose cause cannot be read may be our own write, so that the key must stay.
func TestWriteUnclear(t *testing.T) {
	t.Parallel()
	store, api := keySecrets(keySecret(nil))
	held, err := store.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answering(t, api, nil, conflict())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	api.PrependReactor("get", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		cancel()
		return true, nil, errors.New("the line is dead")
	})
	if err := store.Write(ctx, held[0], exampleKey()); !errors.Is(err, credential.ErrUnclear) || !apierrors.IsConflict(err) {
		t.Error(err)
	}
}
