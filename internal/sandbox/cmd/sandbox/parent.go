package main

import (
	"context"
	"io"
	"os"
	"time"
)

// parentInterval is how soon a sandbox notices that its parent has ended.
const parentInterval = 250 * time.Millisecond

// watchParent cancels when whoever started this process has gone, so that a
// test that is killed leaves no sandbox behind. The parent is polled: Linux'
// death signal comes when the parent's thread ends, which in a parent that is
// written in Go may be long before the process does.
func (s *settings) watchParent(ctx context.Context, cancel context.CancelFunc, stdin io.Reader) {
	if s.untilStdinCloses {
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // however it ends, nobody holds the other end
			cancel()
		}()
	}
	if parent := os.Getppid(); !s.detach && parent != 1 {
		go pollParent(ctx, cancel, parent)
	}
}

func pollParent(ctx context.Context, cancel context.CancelFunc, parent int) {
	ticker := time.NewTicker(parentInterval)
	defer ticker.Stop()
	for os.Getppid() == parent {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
	cancel()
}
