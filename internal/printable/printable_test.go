package printable

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ given, want string }{
		"plain":                   {"arn:aws:iam::1:role/a_b+c=d,e.f@g-h", "arn:aws:iam::1:role/a_b+c=d,e.f@g-h"},
		"letters of any script":   {"Straße, e\u0301, שלום, 東京, हिन्दी", "Straße, e\u0301, שלום, 東京, हिन्दी"},
		"a backslash is itself":   {`C:\new`, `C:\new`},
		"an escape sequence":      {"a\x1b[2Kb", `a\x1b[2Kb`},
		"one in one byte":         {"a\u009b2Kb", `a\u009b2Kb`},
		"line breaks":             {"a\nb\rc\vd\fe\u0085f\u2028g\u2029h", `a\nb\rc\vd\fe\u0085f\u2028g\u2029h`},
		"the one that ends it":    {"a\r\n", "a"},
		"a tab and a NUL":         {"a\tb\x00", `a\tb\x00`},
		"bidirectional marks":     {"a\u202eb\u2066c\u200ed\u061ce", `a\u202eb\u2066c\u200ed\u061ce`},
		"zero width":              {"a\u200bb\u200dc\ufeffd\u2060e", `a\u200bb\u200dc\ufeffd\u2060e`},
		"what shows as nothing":   {"a\u3164b\u115fc\ufe0fd\u034fe\U000e0041f\U000e0100", `a\u3164b\u115fc\ufe0fd\u034fe\U000e0041f\U000e0100`},
		"what shows as a gap":     {"a\u00a0b\u3000c\u2800d", `a\u00a0b\u3000c\u2800d`},
		"no UTF-8":                {"a\xff\xc3b\xef", `a\xff\xc3b\xef`},
		"a replacement character": {"a\ufffdb", "a\ufffdb"},
		"two gaps":                {"a  b", "a  b"},
		"a row of gaps":           {"a" + strings.Repeat(" ", 5) + "b c", `a  \x20\x20\x20b c`},
		"nothing":                 {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Line(c.given); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := Line(c.want); got != c.want {
				t.Errorf("made printable again: %s", got)
			}
		})
	}
}

func TestLongTextIsCut(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"letters": strings.Repeat("é", 100_000), "escapes": strings.Repeat("\u202e", 100_000)} {
		got := Line(text)
		if n := utf8.RuneCountInString(got); n > most || n < most-2*roomForMark {
			t.Errorf("%s: %d characters", name, n)
		}
		shown, mark, _ := strings.Cut(got, "… (")
		var left int
		if _, err := fmt.Sscanf(mark, "%d more characters; -o json has them)", &left); err != nil {
			t.Fatalf("%s: %v in %s", name, err, mark)
		}
		whole := 1
		if name == "escapes" {
			whole = len(`\u202e`)
		}
		if n := utf8.RuneCountInString(shown); n%whole != 0 || n/whole+left != 100_000 {
			t.Errorf("%s: %d shown, %d said to be left", name, n/whole, left)
		}
		if Line(got) != got {
			t.Errorf("%s: cut twice", name)
		}
		if full := Escape(text); len(full) < len(text) || Line(full) == full {
			t.Errorf("%s: whole it has %d bytes", name, len(full))
		}
	}
	if text := strings.Repeat("x", most); Line(text) != text {
		t.Error("what just fits was cut")
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b[2K\u202e\xff\n     b")
	f.Fuzz(func(t *testing.T, text string) {
		got := Line(text)
		if !utf8.ValidString(got) || Line(got) != got {
			t.Errorf("%q becomes %q", text, got)
		}
		for _, r := range got {
			if !Is(r) {
				t.Errorf("%q becomes %q", text, got)
			}
		}
	})
}

type inner struct {
	Text    string
	private string
}

type document struct {
	Text  string
	List  []string
	Inner []inner
	None  []inner
	To    *inner
	Null  *inner
	At    time.Time
	Map   map[string]any
	Kind  kind
	N     int
}

type kind string

func TestDocument(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	given := document{
		Text: "a\n", List: []string{"b\nb"}, Inner: []inner{{"c\x1b", "d"}}, To: &inner{Text: "e\u202e"}, At: at,
		Map: map[string]any{"f\nf": []any{"g\ng", 1, nil}}, Kind: "h\nh", N: 3,
	}
	want := document{
		Text: "a", List: []string{`b\nb`}, Inner: []inner{{`c\x1b`, "d"}}, To: &inner{Text: `e\u202e`}, At: at,
		Map: map[string]any{`f\nf`: []any{`g\ng`, 1, nil}}, Kind: `h\nh`, N: 3,
	}
	private := cmp.AllowUnexported(inner{})
	if diff := cmp.Diff(want, Document(given), private); diff != "" {
		t.Error(diff)
	}
	if given.List[0] != "b\nb" || given.Inner[0].Text != "c\x1b" || given.To.Text != "e\u202e" || given.Map["f\nf"] == nil {
		t.Errorf("the original was changed: %+v", given)
	}
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	long := strings.Repeat("x", 2*most)
	for _, line := range []string{"a\nb\x1b\n", long + "\n"} {
		if n, err := Lines(&out).Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("%d of %d bytes, %v", n, len(line), err)
		}
	}
	if want := `a\nb\x1b` + "\n" + long + "\n"; out.String() != want {
		t.Errorf("got %.100q", out.String())
	}
}
