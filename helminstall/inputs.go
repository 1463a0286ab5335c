package helminstall

import (
	"context"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// maxValues is how many bytes a values file may have. Its values are stored with the release, in a Secret of 1 MiB.
const maxValues = 2 << 20

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
			var err error
			if vals, err = readValuesFile(ctx, file); err != nil {
				errs = append(errs, err)
			}
			read[file] = vals
		}
		out = mergeValues(out, vals)
	}
	for _, expr := range s.Set {
		if err := parseSet(expr, out); err != nil {
			errs = append(errs, err)
		}
	}
	return out, errs
}

// readValuesFile takes "-" for the standard input, as helm does.
func readValuesFile(ctx context.Context, file string) (map[string]any, error) {
	path := file
	if file == "-" {
		path = "/dev/stdin"
	}
	data, err := bound.InTime(ctx, func() ([]byte, error) { return bound.ReadFile(path, maxValues) })
	if err != nil {
		return nil, hint.With(fmt.Errorf("read values file %s: %w", file, bound.Cause(err)), "check what is given with --values")
	}
	vals := map[string]any{}
	if err := yaml.Unmarshal(data, &vals); err != nil {
		// The parser's own message may quote the file, which may hold secrets.
		return nil, hint.With(fmt.Errorf("parse values file %s: not a YAML mapping", file),
			"helm takes a file of key: value lines; check it with: "+hint.Command("helm", "lint", "--values", file))
	}
	return vals, nil
}
