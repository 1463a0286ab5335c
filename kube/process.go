package kube

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/process"
)

// Holder says who holds a lock, for the one who waits for it and for a later run that must know whether it still lives.
type Holder struct {
	User    string    `json:"user"`
	Host    string    `json:"host"`
	Machine string    `json:"machine"` // tells hosts and containers apart where the name does not
	Boot    int64     `json:"boot"`    // of the machine, seconds since 1970 by its own clock
	PID     int32     `json:"pid"`
	Born    int64     `json:"born"`    // of the process, milliseconds since 1970 by the host's own clock
	Started time.Time `json:"started"` // of the run
	Command string    `json:"command"`
	Run     string    `json:"run"` // random; tells two runs of one process apart
}

// Self returns the Holder that is this process.
func Self(ctx context.Context, command string, now time.Time) (Holder, error) {
	h := Holder{PID: int32(os.Getpid()), Started: now.UTC().Truncate(time.Second), Command: command, Run: rand.Text()} //nolint:gosec // process ids fit
	h.Host, _ = os.Hostname()
	h.User = "unknown"
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	h.Machine, h.Boot = machine(ctx)
	self, err := process.NewProcessWithContext(ctx, h.PID)
	if err != nil {
		return Holder{}, fmt.Errorf("look at own process %d: %w", h.PID, err)
	}
	if h.Born, err = self.CreateTimeWithContext(ctx); err != nil {
		return Holder{}, fmt.Errorf("read start of own process %d: %w", h.PID, err)
	}
	return h, nil
}

// slack is by how much two looks at one boot or birth may differ: in a container each is now less the uptime, in whole
// seconds.
const slack = 2 * time.Second

// machine and boot are the same for two processes only when each can see the other by its process id: one host, one
// boot of it, and one process namespace (a container has its own).
func machine(ctx context.Context) (id string, boot int64) {
	hostID, _ := host.HostIDWithContext(ctx)
	booted, _ := host.BootTimeWithContext(ctx)
	space, _ := os.Readlink("/proc/self/ns/pid") // absent but on Linux, where there is but one
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s", hostID, space))
	return hex.EncodeToString(sum[:8]), int64(booted) //nolint:gosec // seconds since 1970 fit
}

// Gone reports whether the holder is certainly dead: it ran on this very machine, and no process of its id and birth
// is there. A holder on another machine is never said to be gone.
func (h Holder) Gone(ctx context.Context) bool {
	id, boot := machine(ctx)
	if h.Machine != id || h.Boot == 0 || !near(h.Boot, boot, time.Second) {
		return false
	}
	return h.dead(ctx)
}

// near compares two times in the given unit.
func near(a, b int64, unit time.Duration) bool {
	return max(a-b, b-a) <= int64(slack/unit)
}

// dead looks for the process on this machine.
func (h Holder) dead(ctx context.Context) bool {
	p, err := process.NewProcessWithContext(ctx, h.PID)
	if err != nil {
		exists, existsErr := process.PidExistsWithContext(ctx, h.PID)
		return existsErr == nil && !exists && unreachable(h.PID)
	}
	born, err := p.CreateTimeWithContext(ctx)
	if err == nil && !near(born, h.Born, time.Millisecond) {
		return true
	}
	status, err := p.StatusWithContext(ctx)
	return err == nil && len(status) == 1 && status[0] == process.Zombie // killed, and not yet waited for
}

// unreachable asks by a signal that does nothing, since /proc may hide the processes of others (hidepid): one that may
// not be signalled is alive.
func unreachable(pid int32) bool {
	p, err := os.FindProcess(int(pid))
	if err != nil {
		return true // on Windows alone, where this looks for the process
	}
	defer func() { _ = p.Release() }()
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// String says who holds the lock in words.
func (h Holder) String() string {
	return fmt.Sprintf("%s on %s, process %d (%s), since %s", h.User, h.Host, h.PID, h.Command, h.Started.Format(time.RFC3339))
}

func (h Holder) identity() string {
	text, _ := json.Marshal(h) // strings, numbers and a time
	return string(text)
}

// parseHolder reads what identity wrote; a holder of another kind is told by its raw identity alone.
func parseHolder(identity string) Holder {
	var h Holder
	if err := json.Unmarshal([]byte(identity), &h); err != nil || h.PID == 0 {
		return Holder{User: identity, Host: "an unknown host"}
	}
	return h
}
