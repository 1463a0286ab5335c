package helminstall

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/strvals"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// baseValues lie under everything that the operator says. The annotation is what stops an uninstall from deleting the
// CRDs, with them every ExternalSecret of the cluster, and with those the Secrets that they own.
func baseValues() map[string]any {
	return map[string]any{
		"installCRDs": true,
		"crds":        map[string]any{"annotations": map[string]any{kube.ResourcePolicyAnno: kube.KeepPolicy}},
	}
}

// parseSet merges one --set expression into vals. The parser panics where a later expression looks into an earlier
// one's scalar, and passes over a part without a key; the expression may hold a secret, so errors name its key only.
func parseSet(expr string, vals map[string]any) (err error) {
	key, _, ok := strings.Cut(expr, "=")
	if !ok {
		return hint.With(errors.New("parse --set: an expression without ="), "give --set key=value")
	}
	defer func() {
		if recover() != nil {
			err = hint.With(fmt.Errorf("parse --set %s: contradicts an earlier value", key), "give each key one type")
		}
	}()
	for part := range strings.SplitSeq(unlisted(expr), ",") {
		alone := map[string]any{}
		if !strings.Contains(part, "=") {
			continue // an end, or an error of its own
		}
		if strvals.ParseInto(part, alone) == nil && !hasLeaf(alone) {
			return hint.With(errors.New("parse --set: a value without a key"), "give --set key=value")
		}
	}
	if perr := strvals.ParseInto(expr, vals); perr != nil {
		return hint.With(fmt.Errorf("parse --set %s: not key=value", key), "see the helm documentation on --set")
	}
	return nil
}

// unlisted is an expression without what stands in {…} and behind a backslash, so that its commas part it.
func unlisted(expr string) string {
	var out strings.Builder
	depth, escaped := 0, false
	for _, r := range expr {
		switch {
		case escaped:
			escaped = false
			r = 'x'
		case r == '\\':
			escaped = true
			continue
		case r == '{':
			depth++
		case r == '}':
			depth = max(0, depth-1)
		}
		if depth == 0 && r != '}' {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// hasLeaf reports whether there is any value in it.
func hasLeaf(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return true
	}
	for _, inner := range m {
		if hasLeaf(inner) {
			return true
		}
	}
	return false
}

// mergeValues returns a with b over it, maps merged and all else replaced, as helm does with several values files.
func mergeValues(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range b {
		over, isMap := v.(map[string]any)
		under, wasMap := out[k].(map[string]any)
		if isMap && wasMap {
			v = mergeValues(under, over)
		}
		out[k] = v
	}
	return out
}

// normal sends values through JSON, since a release that was read back has float64 where a values file has int64.
func normal(vals map[string]any) (map[string]any, error) {
	data, err := json.Marshal(vals)
	if err != nil {
		return nil, fmt.Errorf("encode values: %w", err)
	}
	out := map[string]any{}
	return out, json.Unmarshal(data, &out)
}

// changedKeys returns the paths at which two normal values differ, sorted. It never returns a value.
func changedKeys(a, b map[string]any) []string {
	var out []string
	walkKeys("", a, b, func(key string) { out = append(out, key) })
	slices.Sort(out)
	return out
}

func walkKeys(prefix string, a, b map[string]any, emit func(string)) {
	keys := maps.Clone(a)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, b)
	for k := range keys {
		va, inA := a[k]
		vb, inB := b[k]
		name := prefix + quoteKey(k)
		ma, aMap := va.(map[string]any)
		mb, bMap := vb.(map[string]any)
		switch {
		case aMap && bMap, aMap && !inB && len(ma) > 0, bMap && !inA && len(mb) > 0:
			walkKeys(name+".", ma, mb, emit)
		case inA != inB || !reflect.DeepEqual(va, vb):
			emit(name)
		}
	}
}

// quoteKey keeps a key with dots readable as one part of a path.
func quoteKey(k string) string {
	if strings.Contains(k, ".") {
		return strconv.Quote(k)
	}
	return k
}
