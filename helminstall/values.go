package helminstall

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"

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

// overlay is what --values and --set ask for, in helm's order.
func (s Settings) overlay() (map[string]any, error) {
	out := map[string]any{}
	for _, file := range s.Values {
		vals, err := readValues(file)
		if err != nil {
			return nil, err
		}
		out = mergeValues(out, vals)
	}
	for _, expr := range s.Set {
		if err := parseSet(expr, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readValues(file string) (map[string]any, error) {
	data, err := os.ReadFile(file) //nolint:gosec // the operator's own file, by the operator's own flag
	if err != nil {
		return nil, hint.With(fmt.Errorf("read values file %s: %w", file, exists(file)), "check the path given with --values")
	}
	vals := map[string]any{}
	if err := yaml.Unmarshal(data, &vals); err != nil {
		// The parser's own message may quote the file, which may hold secrets.
		return nil, hint.With(fmt.Errorf("parse values file %s: not a YAML mapping", file),
			"helm takes a file of key: value lines; check it with: helm lint --values "+file)
	}
	return vals, nil
}

// parseSet merges one --set expression into vals. The parser panics where a later expression looks into an earlier
// one's scalar; the expression may hold a secret, so errors name its key only.
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
	if perr := strvals.ParseInto(expr, vals); perr != nil {
		return hint.With(fmt.Errorf("parse --set %s: not key=value", key), "see the helm documentation on --set")
	}
	return nil
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
