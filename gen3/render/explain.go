package render

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// place is a line of a template.
type place struct {
	file string
	line int
}

// explain says which values are missing where a template met nothing in their place, as far as its text tells. Helm's own message
// may quote values, so that it is not repeated.
func (c *Chart) explain(err error, values map[string]any) error {
	at := linesIn(err.Error())
	if len(at) == 0 {
		return hint.With(fmt.Errorf("render chart %s: its templates are not well-formed", c.Name()), "check it with: "+hint.Command("helm", "template", c.Name()))
	}
	last := at[len(at)-1]
	missing := c.missing(last, scopeOf(at[0].file), values)
	where := fmt.Sprintf("%s, line %d", at[0].file, at[0].line)
	if len(missing) == 0 {
		return hint.With(fmt.Errorf("render chart %s: the template %s cannot take these values", c.Name(), where),
			"see what helm says of it: "+hint.Command("helm", "template", c.Name(), "-f", "VALUES"))
	}
	what := strings.Join(missing, " or ")
	return hint.With(fmt.Errorf("render chart %s: no value for %s, which the template %s needs", c.Name(), what, where),
		"set "+what+" in a values file; helm does not render the chart without it either")
}

// linesIn are the lines that Helm's message names, from the file that was rendered inwards.
func linesIn(message string) []place {
	var out []place
	for _, found := range regexp.MustCompile(`([\w./-]+\.(?:ya?ml|tpl|txt)):(\d+)`).FindAllStringSubmatch(message, -1) {
		n, err := strconv.Atoi(found[2])
		if p := (place{found[1], n}); err == nil && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// scopeOf is the path of values that a template sees as .Values: gen3/charts/indexd/templates/x.yaml sees those of indexd.
func scopeOf(file string) []string {
	var out []string
	parts := strings.Split(file, "/")
	for i := 1; i+1 < len(parts) && parts[i] == "charts"; i += 2 {
		out = append(out, parts[i+1])
	}
	return out
}

// missing are the values that a line of a template reads and that are nothing.
func (c *Chart) missing(at place, scope []string, values map[string]any) []string {
	lines := strings.Split(c.template(at.file), "\n")
	if at.line > len(lines) || at.line < 1 {
		return nil
	}
	var out []string
	for _, p := range readsOf(lines[at.line-1]) {
		full := append(slices.Clone(scope), p...)
		if p[0] == globalKey {
			full = p
		}
		if v, err := valueAt(values, full); err != nil || v == nil {
			out = words.AddOnce(out, strings.Join(full, "."))
		}
	}
	return out
}

const globalKey = "global"

func valueAt(values map[string]any, path []string) (any, error) {
	var v any = values
	for _, key := range path {
		m := tableOf(v)
		if m == nil {
			return nil, errors.New("no such value")
		}
		v = m[key]
	}
	return v, nil
}

// ValueAt is the value at a path, nil where there is none.
func ValueAt(values map[string]any, path []string) any {
	v, err := valueAt(values, path)
	if err != nil {
		return nil
	}
	return v
}

// tableOf is a mapping of values, of whichever of the two types that Helm mixes.
func tableOf(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case chartutil.Values:
		return v
	}
	return nil
}

var valuesRead = regexp.MustCompile(`\.Values((?:\.[A-Za-z_]\w*)+)`)

// indexRead is how templates reach keys with a hyphen: (index .Values "a-b" "c").
var indexRead = regexp.MustCompile(`index\s+\$?\.Values((?:\.[A-Za-z_]\w*)*)((?:\s+"[^"]+")+)`)

// readsOf are the paths below .Values that a text of templates reads.
func readsOf(text string) [][]string {
	var out [][]string
	for _, found := range valuesRead.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Split(found[1][1:], "."))
	}
	for _, found := range indexRead.FindAllStringSubmatch(text, -1) {
		var p []string
		if found[1] != "" {
			p = strings.Split(found[1][1:], ".")
		}
		for quoted := range strings.FieldsSeq(found[2]) {
			p = append(p, strings.Trim(quoted, `"`))
		}
		out = append(out, p)
	}
	return out
}

// template is the text of a template, by its name in messages.
func (c *Chart) template(file string) string {
	var find func(ch *chart.Chart, prefix string) string
	find = func(ch *chart.Chart, prefix string) string {
		for _, t := range ch.Templates {
			if prefix+"/"+t.Name == file {
				return string(t.Data)
			}
		}
		for _, d := range ch.Dependencies() {
			if text := find(d, prefix+"/charts/"+d.Name()); text != "" {
				return text
			}
		}
		return ""
	}
	return find(c.chart, c.chart.Name())
}
