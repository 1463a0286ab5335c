package redact

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const half = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// holder is how secrets sit in the structs of the project.
type holder struct {
	ID     string
	Secret String
	Inner  struct{ Secret *String }
}

func newHolder() holder {
	h := holder{ID: "AKIAIOSFODNN7EXAMPLE", Secret: New(half)}
	s := New(half)
	h.Inner.Secret = &s
	return h
}

func TestNoVerbShowsTheSecret(t *testing.T) {
	t.Parallel()
	for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "10.3"} {
			format := "%" + flags + string(verb)
			for _, value := range []any{New(half), new(New(half)), newHolder(), new(newHolder()), []String{New(half)}, map[string]String{"k": New(half)}} {
				mustNotShow(t, format, fmt.Sprintf(format, value))
			}
		}
	}
	mustNotShow(t, "Sprint", fmt.Sprint(New(half), newHolder()))
	mustNotShow(t, "String", New(half).String()+New(half).GoString())
	mustNotShow(t, "error", fmt.Errorf("store %v: %w", newHolder(), errors.New("no")).Error())
}

func TestNoEncodingShowsTheSecret(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(newHolder())
	if err != nil {
		t.Fatal(err)
	}
	mustNotShow(t, "JSON", string(text))
	if text, err = yaml.Marshal(newHolder()); err != nil {
		t.Fatal(err)
	}
	mustNotShow(t, "YAML", string(text))
	if text, err = xml.Marshal(newHolder()); err != nil {
		t.Fatal(err)
	}
	mustNotShow(t, "XML", string(text))
}

func TestNoLogShowsTheSecret(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("minted", "key", New(half), "holder", newHolder(), "group", slog.GroupValue(slog.Any("s", New(half))))
	}
	mustNotShow(t, "slog", out.String())
}

// TestNoPanicShowsTheSecret crashes a process of its own, whose trace goes to its stderr.
func TestNoPanicShowsTheSecret(t *testing.T) {
	t.Parallel()
	if os.Getenv("REDACT_TEST_PANIC") == "1" {
		crash(newHolder())
	}
	cmd := exec.Command(os.Args[0], "-test.run", "TestNoPanicShowsTheSecret")
	cmd.Env = append(os.Environ(), "REDACT_TEST_PANIC=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic:") {
		t.Fatalf("the process did not panic: %s", out)
	}
	mustNotShow(t, "panic", string(out))
}

func crash(h holder) { panic(fmt.Sprintf("holding %v %+v", h, h.Inner.Secret)) }

func TestRevealIsTheSecret(t *testing.T) {
	t.Parallel()
	if New(half).Reveal() != half || (String{}).Reveal() != "" {
		t.Error("Reveal does not return what New was given")
	}
	if !New(half).Equal(New(half)) || New(half).Equal(New("other")) {
		t.Error("Equal does not compare the secrets")
	}
}

func FuzzNoVerbShowsTheSeed(f *testing.F) {
	f.Add("0123456789abcdef", "%v")
	f.Fuzz(func(t *testing.T, secret, format string) {
		if len(secret) < 8 || strings.Contains(placeholder, secret) {
			return
		}
		if shown := fmt.Sprintf(format, New(secret)); strings.Contains(shown, secret) && !strings.Contains(format, secret) {
			t.Errorf("%q shows %q", format, shown)
		}
	})
}

func mustNotShow(t *testing.T, how, text string) {
	t.Helper()
	if strings.Contains(text, half) || strings.Contains(text, half[:12]) {
		t.Errorf("%s shows the secret: %s", how, text)
	}
	if hex := fmt.Sprintf("%x", half); strings.Contains(strings.ToLower(text), hex[:16]) {
		t.Errorf("%s shows the secret in hexadecimal: %s", how, text)
	}
}
