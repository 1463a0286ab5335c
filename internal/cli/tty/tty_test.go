package tty

import (
	"bytes"
	"os"
	"testing"
)

func TestPipesAndBuffersAreNoTerminals(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	for _, stream := range []any{r, w, &bytes.Buffer{}} {
		if IsTerminal(stream) {
			t.Errorf("%T is taken for a terminal", stream)
		}
		if Width(stream) != 80 {
			t.Errorf("%T: width %d", stream, Width(stream))
		}
		style := StyleFor(stream, func(string) string { return "" }, false)
		if style.Red("x") != "x" {
			t.Errorf("%T would get colour", stream)
		}
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "東京": 4, "😀": 2, "… ✓": 3} {
		if got := Columns(text); got != want {
			t.Errorf("%q: %d columns, want %d", text, got, want)
		}
	}
}

func TestColour(t *testing.T) {
	if got := Colour().Red("x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := Colour().Red(""); got != "" {
		t.Errorf("nothing, in colour: %q", got)
	}
}

func TestColourIsNotForEveryTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"usual":          {map[string]string{"TERM": "xterm"}, true},
		"NO_COLOR":       {map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false},
		"empty NO_COLOR": {map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true}, // as no-color.org has it
		"dumb":           {map[string]string{"TERM": "dumb"}, false},
	} {
		if got := welcome(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
