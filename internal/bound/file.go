package bound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// InTime does what may wait for somebody else, and returns with ctx when it waits too long. What it waits in then, opening
// or reading a pipe, cannot be ended from outside: it is left behind, and the process ends soon.
func InTime[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := do()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("its end did not come: %w", context.Cause(ctx))
	}
}

// ReadFile reads a file of at most so many bytes; /dev/zero has no end.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator's own file, by the operator's own flag
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("larger than %d MiB", limit>>20)
	}
	return data, err
}

// Cause is an error of the file system without the path, which the message has already.
func Cause(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err
	}
	return err
}
