// Package golden compares what a test produced with the file that is named for the test: testdata/<name>.golden.
// "go test … -update" writes the files anew; their diff is then read like code.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // set by the flag package alone

// Equal fails the test unless got is what the golden file holds.
func Equal(tb testing.TB, got string) {
	tb.Helper()
	File(tb, filepath.Join("testdata", filepath.FromSlash(strings.ReplaceAll(tb.Name(), " ", "_"))+".golden"), got)
}

// File is Equal with a file of the test's own choice.
func File(tb testing.TB, path, got string) {
	tb.Helper()
	if *update {
		write(tb, path, got)
		return
	}
	want, err := os.ReadFile(path) // #nosec G304 -- the path is made of the test's name
	if err != nil {
		tb.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		tb.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}
