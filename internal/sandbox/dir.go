package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// ownerFile is locked by the process that a directory belongs to. The kernel
// drops the lock however that process ends, so a lock that can be had marks a
// directory that a killed sandbox left behind, with no guess about process ids.
const ownerFile = "owner"

// ownedDir is a directory together with the lock that says it is in use.
type ownedDir struct {
	path string
	lock *os.File
}

// claimDir makes a directory under base, having removed those of dead owners.
func claimDir(base string) (_ *ownedDir, err error) {
	if base == "" {
		base = filepath.Join(os.TempDir(), "gen3-bootstrap-sandbox-"+strconv.Itoa(os.Getuid()))
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, fmt.Errorf("make base directory: %w", err)
	}
	// Held throughout: a sweep must not see a directory whose owner has made
	// it and not locked it yet.
	gate, err := lockFile(filepath.Join(base, ".lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, gate.Close()) }()
	if err := sweep(base); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(base, "run-")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	lock, err := lockFile(filepath.Join(path, ownerFile), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return nil, err
	}
	d := &ownedDir{path: path, lock: lock}
	if _, err := fmt.Fprintln(lock, os.Getpid()); err != nil { // for people; nothing reads it
		return nil, errors.Join(fmt.Errorf("write owner: %w", err), d.release())
	}
	return d, nil
}

// sweep removes the directories of sandboxes that no longer run.
func sweep(base string) error {
	owners, err := filepath.Glob(filepath.Join(base, "run-*", ownerFile))
	if err != nil {
		return fmt.Errorf("list directories: %w", err)
	}
	for _, owner := range owners {
		lock, err := lockFile(owner, syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil {
			continue // in use, or going away by itself
		}
		err = errors.Join(os.RemoveAll(filepath.Dir(owner)), lock.Close())
		if err != nil {
			return fmt.Errorf("remove what a killed sandbox left: %w", err)
		}
	}
	return nil
}

// release removes the directory while its lock is still held.
func (d *ownedDir) release() error {
	if err := errors.Join(os.RemoveAll(d.path), d.lock.Close()); err != nil {
		return fmt.Errorf("remove directory: %w", err)
	}
	return nil
}

// lockFile opens path, made if need be, under an advisory lock of the given mode.
func lockFile(path string, mode int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), mode); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}
