package golden

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEqualReadsTheFileNamedForTheTest(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, filepath.Join("testdata", t.Name(), "a_case.golden"), "text\n")
	t.Run("a case", func(t *testing.T) { Equal(t, "text\n") })
}

func TestEqualTellsADifference(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, filepath.Join("testdata", t.Name()+".golden"), "text\n")
	spy := &recorder{TB: t}
	Equal(spy, "other\n")
	if !spy.failed {
		t.Error("a difference was not reported")
	}
	if _, err := os.Stat("testdata"); err != nil {
		t.Error(err)
	}
}

// recorder notes a failure instead of failing.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }
