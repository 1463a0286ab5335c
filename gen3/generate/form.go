package generate

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// fits says what a content is that is not what its key's name promises, "" where it is.
func fits(key string, text redact.String) string {
	switch path.Ext(key) {
	case ".json":
		if !json.Valid([]byte(text.Reveal())) {
			return "no JSON"
		}
	case ".yaml", ".yml":
		if yaml.Unmarshal([]byte(text.Reveal()), &map[string]any{}) != nil {
			return "no YAML mapping"
		}
	}
	return ""
}

// marks are the texts that the charts have for what an operator is to fill in, and those of a commons that nobody can reach.
var marks = regexp.MustCompile(`(?i)^(replace_?me|replace_with_\w+|change_?me|todo|x{3,}|your[._ -].*|testbucket|<[^<>]*>|\$[a-z_]\w*)$|\d?1234567890\d*|^(https?://)?localhost(/.*)?$`)

// placeholder reports whether a text stands for one that the operator has.
func placeholder(text string) bool {
	text = strings.TrimSpace(text)
	return text == "" || marks.MatchString(text)
}

// credential is the name of a field that says nothing when it is empty.
var credential = regexp.MustCompile(`(?i)(client_?id|secret|password|passwd|access_?key(_?id)?|token|api_?key)$`)

// open are the paths within a content that the chart leaves to the operator: those that hold a placeholder, and credentials that are
// empty. Where several are below one key of the first level, that key stands for them.
func open(key string, text redact.String) []string {
	var found [][]string
	var walk func(v any, at []string)
	walk = func(v any, at []string) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range sorted(v) {
				walk(v[name], append(slices.Clone(at), name))
			}
		case []any:
			for _, inner := range v {
				walk(inner, at)
			}
		case string:
			if left(at, v) {
				found = append(found, at)
			}
		}
	}
	switch path.Ext(key) {
	case ".json", ".yaml", ".yml":
		var content any
		if yaml.Unmarshal([]byte(text.Reveal()), &content) == nil {
			walk(content, nil)
		}
	case ".env":
		for line := range strings.Lines(text.Reveal()) {
			if name, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && left([]string{name}, strings.TrimSpace(v)) {
				found = append(found, []string{name})
			}
		}
	}
	return shortened(found)
}

func left(at []string, text string) bool {
	if len(at) == 0 {
		return false
	}
	if strings.TrimSpace(text) == "" {
		return credential.MatchString(at[len(at)-1])
	}
	return placeholder(text)
}

func shortened(paths [][]string) []string {
	several := map[string]int{}
	for _, p := range paths {
		several[p[0]]++
	}
	var out []string
	for _, p := range paths {
		if several[p[0]] > 1 {
			p = p[:1]
		}
		out = words.AddOnce(out, strings.Join(p, "."))
	}
	return out
}
