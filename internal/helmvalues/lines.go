package helmvalues

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// secretKey is a key whose value is not shown, whatever it is: values may hold passwords.
var secretKey = regexp.MustCompile(`(?i)pass|secret|token|credential|auth|private|certificate|caBundle|^key$|[a-z]Key$|_key|-key|dsn|connectionString`)

const (
	hidden  = "(hidden)"
	longest = 120 // characters of a value that is shown
)

// MayBeSecret reports whether a key, such as "db.password", may have a secret value.
func MayBeSecret(key string) bool { return secretKey.MatchString(key) }

// Compare lists two sets of values, a line each such as "webhook.replicas: 2". What may be secret by its key or its form is hidden, and told to
// differ where it does.
func Compare(before, after map[string]any) (was, is []string) {
	a, b := map[string]leaf{}, map[string]leaf{}
	flatten(a, "", before, false)
	flatten(b, "", after, false)
	for _, path := range slices.Sorted(maps.Keys(a)) {
		was = append(was, path+": "+a[path].shown)
	}
	for _, path := range slices.Sorted(maps.Keys(b)) {
		text := path + ": " + b[path].shown
		if old, ok := a[path]; ok && old.shown == b[path].shown && old.value != b[path].value {
			text += ", another one"
		}
		is = append(is, text)
	}
	return was, is
}

// leaf is one value: as it is, for comparison only, and as it is shown.
type leaf struct{ value, shown string }

func flatten(out map[string]leaf, path string, value any, secret bool) {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 && path != "" {
			out[path] = leaf{"{}", "{}"}
		}
		name, _ := v["name"].(string)
		for key, item := range v {
			// An entry of a list of variables has its name beside its value.
			flatten(out, strings.TrimPrefix(path+"."+key, "."), item, secret || secretKey.MatchString(key) || key == "value" && secretKey.MatchString(name))
		}
	case []any:
		for i, item := range v {
			flatten(out, fmt.Sprintf("%s[%d]", path, i), item, secret)
		}
	default:
		text := fmt.Sprint(v)
		shown := text
		_, onOff := v.(bool)
		if s, ok := v.(string); ok && (len(s) > longest || strings.ContainsAny(s, "\n\r") || strings.Contains(s, "://") && strings.Contains(s, "@")) || secret && !onOff && v != nil {
			shown = hidden
		}
		out[path] = leaf{text, shown}
	}
}
