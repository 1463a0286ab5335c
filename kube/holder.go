package kube

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"time"
)

// Holder says who holds a lock, for people. Whether he still lives is not asked of his machine: his Lease tells it alone.
type Holder struct {
	User    string    `json:"user"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"` // of the run
	Command string    `json:"command"`
	Run     string    `json:"run"` // random; tells two runs of one process apart
}

// Self returns the Holder that is this process.
func Self(command string, now time.Time) Holder {
	h := Holder{User: "unknown", PID: os.Getpid(), Started: now.UTC().Truncate(time.Second), Command: command, Run: rand.Text()}
	h.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	return h
}

// longestHolder is how many characters of a holder are told: whoever may write the Lease chooses them.
const longestHolder = 200

// String says who holds the lock in words, in 200 characters at most.
func (h Holder) String() string {
	text := fmt.Sprintf("%s on %s, process %d (%s), since %s", h.User, h.Host, h.PID, h.Command, h.Started.Format(time.RFC3339))
	if h.PID == 0 {
		text = h.User + " on an unknown host"
	}
	if all := []rune(text); len(all) > longestHolder {
		return string(all[:longestHolder-1]) + "…"
	}
	return text
}

func (h Holder) identity() string {
	text, _ := json.Marshal(h) // strings, a number and a time
	return string(text)
}

// parseHolder reads what identity wrote; a holder of another kind is told by its raw identity alone.
func parseHolder(identity string) Holder {
	var h Holder
	if err := json.Unmarshal([]byte(identity), &h); err != nil || h.PID == 0 {
		return Holder{User: identity}
	}
	return h
}
