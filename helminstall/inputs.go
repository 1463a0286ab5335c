package helminstall

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/strvals"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Inputs is what the files that the settings name held when they were read: values, and a chart on disk. A pipe can be
// read only once, and a file may change between its check and its use.
type Inputs struct {
	values map[string]any // of --values and --set, in helm's order
	ref    chartsource.Ref
	chart  *chartsource.Fetched // nil where it is not on disk
}

// ReadInputs reads and judges each file that the settings name, and returns them with what it read. It ends with ctx, since
// nobody may ever write to a pipe. The errors are all that is wrong, each with a hint.
func ReadInputs(ctx context.Context, s Settings) (Settings, []error) {
	if s.Inputs != nil {
		return s, nil
	}
	in := &Inputs{ref: s.ref()}
	var errs []error
	if in.ref.From == chartsource.Disk {
		var err error
		if in.chart, err = in.ref.Read(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	var more []error
	in.values, more = s.readValues(ctx)
	if errs = append(errs, more...); len(errs) == 0 {
		s.Inputs = in
	}
	return s, errs
}

// readValues merges what --values and --set ask for.
func (s Settings) readValues(ctx context.Context) (map[string]any, []error) {
	var errs []error
	out := map[string]any{}
	read := map[string]map[string]any{} // a pipe that is given twice has its content once
	for _, file := range s.Values {
		vals, known := read[file]
		if !known {
			given, err := helmvalues.Read(ctx, "--values", file)
			if err != nil {
				errs = append(errs, err)
			}
			vals = given.Values
			read[file] = vals
		}
		out = helmvalues.Merge(out, vals)
	}
	for _, way := range []struct {
		flag  string
		exprs []string
		parse func(string, map[string]any) error
	}{ // in helm's order
		{"--set-json", s.SetJSON, strvals.ParseJSON},
		{"--set", s.Set, strvals.ParseInto},
		{"--set-string", s.SetString, strvals.ParseIntoString},
		{"--set-file", s.SetFile, func(expr string, vals map[string]any) error {
			return strvals.ParseIntoFile(expr, vals, func(path []rune) (any, error) {
				text, err := bound.InTime(ctx, func() ([]byte, error) { return bound.ReadFile(string(path), helmvalues.MaxFile) })
				return string(text), err
			})
		}},
	} {
		for _, expr := range way.exprs {
			if err := parseSet(way.flag, expr, out, way.parse); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return out, errs
}

// baseValues lie under everything that the operator says. The annotation is what stops an uninstall from deleting the
// CRDs, with them every ExternalSecret of the cluster, and with those the Secrets that they own.
func baseValues() map[string]any {
	return map[string]any{
		"installCRDs": true,
		"crds":        map[string]any{"annotations": map[string]any{kube.ResourcePolicyAnno: kube.KeepPolicy}},
	}
}

// parseSet merges one expression of --set or one like it into vals. The parser panics where a later expression looks into an earlier
// one's scalar, and passes over a part without a key; the expression may hold a secret, so errors name its key only.
func parseSet(flag, expr string, vals map[string]any, parse func(string, map[string]any) error) (err error) {
	key, _, ok := strings.Cut(expr, "=")
	if !ok {
		return hint.With(fmt.Errorf("parse %s: an expression without =", flag), "give "+flag+" key=value")
	}
	defer func() {
		if recover() != nil {
			err = hint.With(fmt.Errorf("parse %s %s: contradicts an earlier value", flag, key), "give each key one type")
		}
	}()
	parts := unlisted(expr)
	if flag == "--set-json" { // whose commas are JSON's
		parts = ""
	}
	for part := range strings.SplitSeq(parts, ",") {
		alone := map[string]any{}
		if !strings.Contains(part, "=") {
			continue // an end, or an error of its own
		}
		if strvals.ParseInto(part, alone) == nil && !hasLeaf(alone) {
			return hint.With(fmt.Errorf("parse %s: a value without a key", flag), "give "+flag+" key=value")
		}
	}
	if perr := parse(expr, vals); perr != nil {
		what := "not key=value"
		if flag == "--set-file" {
			what = "not key=path, or the file cannot be read"
		}
		return hint.With(fmt.Errorf("parse %s %s: %s", flag, key, what), "see the helm documentation on "+flag)
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
