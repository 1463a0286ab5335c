package acceptance

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// The record is JSON in the entries of a ConfigMap. These tests know no more of it: they change whatever they find.

// leaf is a string somewhere in the record.
type leaf struct {
	entry string   // of the ConfigMap
	path  []string // in the entry's document
	value string
}

func (l leaf) String() string { return l.entry + "." + strings.Join(l.path, ".") }

// field is the name by which a message would call it.
func (l leaf) field() string {
	for _, key := range slices.Backward(l.path) {
		if strings.IndexFunc(key, func(r rune) bool { return r < '0' || r > '9' }) >= 0 {
			return key
		}
	}
	return l.entry
}

// rewrite returns a document with each of its strings as change has it. Lists are numbered.
func rewrite(document any, path []string, change func(path []string, value string) any) any {
	at := func(key string) []string { return append(slices.Clone(path), key) }
	switch x := document.(type) {
	case string:
		return change(path, x)
	case []any:
		out := make([]any, len(x))
		for i, v := range x {
			out[i] = rewrite(v, at(strconv.Itoa(i)), change)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, v := range x {
			out[k] = rewrite(v, at(k), change)
		}
		return out
	default:
		return x
	}
}

// rewritten is the record's data with every string of its documents changed.
func rewritten(t *testing.T, data map[string]string, change func(l leaf) any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for entry, text := range data {
		var document any
		check(t, "parse entry "+entry+" of the record", json.Unmarshal([]byte(text), &document))
		out[entry] = asJSON(t, rewrite(document, nil, func(path []string, value string) any { return change(leaf{entry, path, value}) }))
	}
	return out
}

func asJSON(t *testing.T, document any) string {
	t.Helper()
	text, err := json.Marshal(document)
	check(t, "marshal", err)
	return string(text)
}

func leaves(t *testing.T, data map[string]string) []leaf {
	t.Helper()
	var out []leaf
	rewritten(t, data, func(l leaf) any { out = append(out, l); return l.value })
	slices.SortFunc(out, func(a, b leaf) int { return strings.Compare(a.String(), b.String()) })
	return out
}

func (a *attack) recordData(t *testing.T) map[string]string {
	t.Helper()
	record, err := a.kube.CoreV1().ConfigMaps(a.namespace).Get(t.Context(), kube.RecordName, metav1.GetOptions{})
	check(t, "get the record", err)
	return maps.Clone(record.Data)
}

// forgeData writes the record's entries anew, and its label.
func forgeData(data map[string]string) func(*testing.T, *attack) {
	return func(t *testing.T, a *attack) {
		t.Helper()
		a.tenant.tamper(t, func(record *corev1.ConfigMap) { record.Data, record.Labels = data, mark() })
	}
}
