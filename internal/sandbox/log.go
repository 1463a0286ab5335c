package sandbox

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"k8s.io/klog/v2"
)

// openLog sends what the components log to a file in dir, and to also if that
// is not nil, instead of to stderr.
func openLog(dir string, also io.Writer) (io.Closer, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	out := io.Writer(f)
	if also != nil {
		out = io.MultiWriter(f, also)
	}
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(out, nil)))
	return f, nil
}
