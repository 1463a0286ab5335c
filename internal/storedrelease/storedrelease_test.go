package storedrelease_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
)

// pack encodes as Helm does.
func pack(t *testing.T, plain io.Reader) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.AppendEncode(nil, out.Bytes())
}

// zeros are n bytes that compress to nothing.
func zeros(n int64) io.Reader { return io.LimitReader(endless{}, n) }

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestUnpack(t *testing.T) {
	t.Parallel()
	plain := base64.StdEncoding.AppendEncode(nil, []byte(`{"name":"old"}`))
	cut := pack(t, strings.NewReader(`{"name":"new"}`))
	for name, test := range map[string]struct {
		stored []byte
		want   string
		err    string
	}{
		"gzip":       {stored: cut, want: `{"name":"new"}`},
		"plain JSON": {stored: plain, want: `{"name":"old"}`},
		"not base64": {stored: []byte("%"), err: "not base64"},
		"no stream":  {stored: []byte("H4sIAAAA"), err: "not gzip"},
		"cut off":    {stored: cut[:24], err: "not gzip"},
		"many parts": {stored: pack(t, strings.NewReader(`{"a":[`+strings.Repeat("{},", 1<<20)+`{}]}`)), err: "more than 524288 parts"},
		"a bomb":     {stored: pack(t, zeros(storedrelease.Limit+1)), err: "unpacks to more than 32 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := storedrelease.Unpack(test.stored)
			if test.err == "" && (err != nil || string(got) != test.want) {
				t.Errorf("got %q, %v", got, err)
			}
			if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestUnpackIsBounded: what has many times the limit costs no more than what has just that.
func TestUnpackIsBounded(t *testing.T) {
	cost := func(size int64) uint64 {
		bomb := pack(t, zeros(size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := storedrelease.Unpack(bomb)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, storedrelease.ErrTooLarge) {
			t.Errorf("got %v", err)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	just, many := cost(storedrelease.Limit+1), cost(8*storedrelease.Limit)
	if many > 2*just { // eight times without a limit
		t.Errorf("it took %d MiB, and %d MiB for what has just the limit", many>>20, just>>20)
	}
}

// TestSearch: a text is found wherever it stands, also where two reads of the stream meet.
func TestSearch(t *testing.T) {
	t.Parallel()
	const id = "AKIAEXAMPLE"
	for _, before := range []int{0, 1, 1<<16 - 20, 1<<16 - 5, 1 << 16, 1 << 20} {
		text := strings.Repeat("x", before) + id + strings.Repeat("y", 1<<17)
		for name, stored := range map[string][]byte{
			"gzip":  pack(t, strings.NewReader(text)),
			"plain": base64.StdEncoding.AppendEncode(nil, []byte(text)),
		} {
			found, looked, err := storedrelease.Search(stored, []string{id, "AKIAOTHER"})
			if err != nil || !found[id] || found["AKIAOTHER"] || looked != len(text) {
				t.Errorf("%s after %d: found %v in %d of %d bytes: %v", name, before, found, looked, len(text), err)
			}
		}
	}
	if _, looked, err := storedrelease.Search(pack(t, zeros(storedrelease.Limit+1<<20)), []string{id}); !errors.Is(err, storedrelease.ErrTooLarge) || looked > storedrelease.Limit+1<<17 {
		t.Errorf("a bomb: %d bytes, %v", looked, err)
	}
	for name, stored := range map[string][]byte{"not base64": []byte("%"), "no stream": []byte("H4sIAAAA")} {
		if _, _, err := storedrelease.Search(stored, []string{id}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
