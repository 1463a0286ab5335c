package kube

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/process"
)

// Holder says who holds a lock, for the one who waits for it and for a later run that must know whether it still lives.
type Holder struct {
	User    string    `json:"user"`
	Host    string    `json:"host"`
	Machine string    `json:"machine"` // tells hosts, reboots and containers apart where the name does not
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
	h.Machine = machine(ctx)
	self, err := process.NewProcessWithContext(ctx, h.PID)
	if err != nil {
		return Holder{}, fmt.Errorf("look at own process %d: %w", h.PID, err)
	}
	if h.Born, err = self.CreateTimeWithContext(ctx); err != nil {
		return Holder{}, fmt.Errorf("read start of own process %d: %w", h.PID, err)
	}
	return h, nil
}

// machine is the same for two processes only when each can see the other by its process id: one boot of one host, and
// one process namespace (a container has its own).
func machine(ctx context.Context) string {
	id, _ := host.HostIDWithContext(ctx)
	boot, _ := host.BootTimeWithContext(ctx)
	space, _ := os.Readlink("/proc/self/ns/pid") // absent but on Linux, where there is but one
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", id, boot, space))
	return hex.EncodeToString(sum[:8])
}

// Gone reports whether the holder is certainly dead: it ran on this very machine, and no process of its id and birth
// is there. A holder on another machine is never said to be gone.
func (h Holder) Gone(ctx context.Context) bool {
	if h.Machine == "" || h.Machine != machine(ctx) {
		return false
	}
	p, err := process.NewProcessWithContext(ctx, h.PID)
	if err != nil {
		exists, existsErr := process.PidExistsWithContext(ctx, h.PID)
		return existsErr == nil && !exists
	}
	born, err := p.CreateTimeWithContext(ctx)
	if err == nil && born != h.Born {
		return true
	}
	status, err := p.StatusWithContext(ctx)
	return err == nil && len(status) == 1 && status[0] == process.Zombie // killed, and not yet waited for
}

// String says who holds the lock in words.
func (h Holder) String() string {
	return fmt.Sprintf("%s on %s, process %d (%s), since %s", h.User, h.Host, h.PID, h.Command, h.Started.Format(time.RFC3339))
}

func (h Holder) identity() string {
	text, _ := json.Marshal(h) //nolint:errchkjson // strings, numbers and a time
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
