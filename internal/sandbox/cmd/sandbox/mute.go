package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// muteStderr drops what is written to stderr but a crash, until it is undone.
// A library that the API server is made of logs there by itself, with nothing
// that would change its mind.
func muteStderr() (undo func() error, err error) {
	fd, err := unix.FcntlInt(uintptr(unix.Stderr), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("keep stderr: %w", err)
	}
	kept := os.NewFile(uintptr(fd), "stderr")
	if err := debug.SetCrashOutput(kept, debug.CrashOptions{}); err != nil {
		return nil, fmt.Errorf("keep stderr for a crash: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("mute stderr: %w", err)
	}
	defer func() { _ = null.Close() }()
	if err := unix.Dup2(int(null.Fd()), unix.Stderr); err != nil {
		return nil, fmt.Errorf("mute stderr: %w", err)
	}
	return func() error { return unix.Dup2(int(kept.Fd()), unix.Stderr) }, nil
}
