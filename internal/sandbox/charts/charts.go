// Package charts makes the Helm charts that the sandbox's repository offers:
// External Secrets as its project publishes it, in several versions made from
// one source, and few-objects, which installs in a moment. The archives are
// the same to the byte each time.
package charts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// archive is a packaged chart.
type archive struct {
	name    string // file name
	content []byte
}

// Ensure returns a directory under cache that holds the repository: the
// archives and their index.yaml. It is built if it is not there yet, which
// needs the go command and, the first time on a machine, the module proxy.
func Ensure(ctx context.Context, cache string) (string, error) {
	dir := place(cache)
	if _, err := os.Stat(filepath.Join(dir, indexName)); err == nil {
		return dir, nil
	}
	if err := build(ctx, dir); err != nil {
		return "", fmt.Errorf("build charts: %w", err)
	}
	return dir, nil
}

// Rebuild is Ensure, but builds also what is there.
func Rebuild(ctx context.Context, cache string) (string, error) {
	if err := os.RemoveAll(place(cache)); err != nil {
		return "", fmt.Errorf("remove old charts: %w", err)
	}
	return Ensure(ctx, cache)
}

func place(cache string) string { return filepath.Join(cache, revision()) }

// build puts the repository at dir in one step, so that nobody sees half of it.
func build(ctx context.Context, dir string) (err error) {
	archives, err := packAll(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "building-")
	if err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(fresh)) }()
	if err := writeRepository(fresh, archives); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	// What another process put there meanwhile is the same, and may be in use.
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("put in place: %w", err)
	}
	return nil
}

func packAll(ctx context.Context) ([]archive, error) {
	few, err := packFewObjects()
	if err != nil {
		return nil, err
	}
	eso, err := packExternalSecrets(ctx)
	return append(few, eso...), err
}

func writeRepository(dir string, archives []archive) error {
	for _, a := range archives {
		if err := os.WriteFile(filepath.Join(dir, a.name), a.content, 0o644); err != nil {
			return err
		}
	}
	index, err := newIndex(archives)
	if err != nil {
		return err
	}
	return index.WriteFile(filepath.Join(dir, indexName), 0o644)
}
