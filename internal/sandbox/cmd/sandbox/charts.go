package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/charts"
)

// chartCache is beside the binary: charts are a part of the build's output.
func chartCache() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find own binary: %w", err)
	}
	return filepath.Join(filepath.Dir(exe), "sandbox-charts"), nil
}

// buildCharts fills the cache, whatever it holds.
func buildCharts(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cache, err := chartCache()
	if err != nil {
		return err
	}
	fs := flag.NewFlagSet("sandbox charts", flag.ContinueOnError)
	fs.StringVar(&cache, "cache", cache, "`directory` of the built charts")
	if err := parse(fs, args, stderr); err != nil {
		return err
	}
	dir, err := charts.Rebuild(ctx, cache)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, dir)
	return err
}
