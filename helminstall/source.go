package helminstall

import (
	"os"
	"strings"
)

// source says where a chart comes from, since each place has its own rules for versions and digests.
type source int

const (
	fromRepo source = iota
	fromDisk
	fromRegistry
)

// source tells a path from a name as helm does, except that the default name is never taken for a directory that
// happens to be called the same in the working directory.
func (s Settings) source() source {
	ref := s.chart()
	switch {
	case strings.HasPrefix(ref, "oci://"):
		return fromRegistry
	case looksLikePath(ref):
		return fromDisk
	case ref == DefaultChart:
		return fromRepo
	case s.Inputs != nil: // what it was then
		if s.Inputs.chart == nil {
			return fromRepo
		}
		return fromDisk
	}
	if _, err := os.Stat(ref); err == nil {
		return fromDisk
	}
	return fromRepo
}

func looksLikePath(ref string) bool {
	for _, p := range []string{"/", "./", "../"} {
		if strings.HasPrefix(ref, p) {
			return true
		}
	}
	return ref == "." || ref == ".." || strings.HasSuffix(ref, ".tgz") || strings.HasSuffix(ref, ".tar.gz")
}
