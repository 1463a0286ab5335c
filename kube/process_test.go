package kube

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/common"
)

func selfHolder(t *testing.T) Holder {
	t.Helper()
	h, err := Self(t.Context(), "test", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// departed is the id of a process that was, and is no more.
func departed(t *testing.T) int32 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return int32(cmd.ProcessState.Pid())
}

func TestGone(t *testing.T) {
	t.Parallel()
	second := int64(1000)
	for name, test := range map[string]struct {
		change func(*Holder)
		gone   bool
	}{
		"itself":                       {change: func(*Holder) {}},
		"born a rounding earlier":      {change: func(h *Holder) { h.Born -= second }},
		"born a rounding later":        {change: func(h *Holder) { h.Born += second }},
		"the id is another's now":      {change: func(h *Holder) { h.Born -= 10 * second }, gone: true},
		"no such process":              {change: func(h *Holder) { h.PID = departed(t) }, gone: true},
		"booted a rounding earlier":    {change: func(h *Holder) { h.Boot--; h.PID = departed(t) }, gone: true},
		"booted a rounding later":      {change: func(h *Holder) { h.Boot++; h.PID = departed(t) }, gone: true},
		"another boot, or a set clock": {change: func(h *Holder) { h.Boot -= 60; h.PID = departed(t) }},
		"another machine":              {change: func(h *Holder) { h.Machine = "elsewhere"; h.PID = departed(t) }},
		"a machine without a name":     {change: func(h *Holder) { h.Machine = ""; h.PID = departed(t) }},
		"of an unknown boot":           {change: func(h *Holder) { h.Boot = 0; h.PID = departed(t) }},
		"no process id":                {change: func(h *Holder) { h.PID = -1 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := selfHolder(t)
			test.change(&h)
			if got := h.Gone(t.Context()); got != test.gone {
				t.Errorf("gone %v, want %v: %+v", got, test.gone, h)
			}
		})
	}
}

// TestDeadBehindHiddenProc: with hidepid=2, /proc has no entry for another user's process, however alive. Another
// mounted file system in its place has none for anybody.
func TestDeadBehindHiddenProc(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("hidepid is Linux's")
	}
	hidden := context.WithValue(t.Context(), common.EnvKey, common.EnvMap{common.HostProcEnvKey: "/sys"})
	for name, test := range map[string]struct {
		pid  int32
		dead bool
	}{
		"own":             {pid: int32(os.Getpid())},
		"perhaps root's":  {pid: 1}, // which may refuse the signal, and lives all the same
		"no such process": {pid: departed(t), dead: true},
	} {
		if got := (Holder{PID: test.pid}).dead(hidden); got != test.dead {
			t.Errorf("%s: dead %v, want %v", name, got, test.dead)
		}
	}
}
