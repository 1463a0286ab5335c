// Package helmvalues reads values files and merges them as helm does. What they hold may be secret: errors name files and never
// quote them.
package helmvalues

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// MaxFile is how many bytes a values file may have. Its values are stored with the release, in a Secret of 1 MiB.
const MaxFile = 2 << 20

// File is a values file as it was read.
type File struct {
	Name   string // as it was given
	Text   []byte
	Values map[string]any
}

// Read reads a file that was given with a flag; "-" is the standard input, as for helm. It ends with ctx, since nobody may
// ever write to a pipe.
func Read(ctx context.Context, flag, file string) (File, error) {
	out := File{Name: file, Values: map[string]any{}}
	path := file
	if file == "-" {
		path = "/dev/stdin"
	}
	var err error
	out.Text, err = bound.InTime(ctx, func() ([]byte, error) { return bound.ReadFile(path, MaxFile) })
	if err != nil {
		return out, hint.With(fmt.Errorf("read values file %s: %w", file, bound.Cause(err)), "check what is given with "+flag)
	}
	if err := yaml.Unmarshal(out.Text, &out.Values); err != nil {
		// The parser's own message may quote the file, which may hold secrets.
		return out, hint.With(fmt.Errorf("parse values file %s: not a YAML mapping", file),
			"helm takes a file of key: value lines; check it with: "+hint.Command("helm", "lint", "--values", file))
	}
	return out, nil
}

// ReadAll reads files and merges them in helm's order. The error names each that cannot be read.
func ReadAll(ctx context.Context, flag string, files []string) (map[string]any, error) {
	out := map[string]any{}
	var errs []error
	for _, file := range files {
		f, err := Read(ctx, flag, file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = Merge(out, f.Values)
	}
	return out, errors.Join(errs...)
}

// Merge returns a with b over it, maps merged and all else replaced, as helm does with several values files.
func Merge(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range b {
		over, isMap := v.(map[string]any)
		under, wasMap := out[k].(map[string]any)
		if isMap && wasMap {
			v = Merge(under, over)
		}
		out[k] = v
	}
	return out
}
