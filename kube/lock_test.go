package kube

import (
	"errors"
	"testing"
	"time"
	"unsafe"
)

// suspended is the time after the machine slept: the wall clock went on, the monotonic one stood still. Nothing in
// package time makes such a Time, so this writes the seconds into its first word, where a Time of a clock has them.
func suspended(now time.Time, slept time.Duration) time.Time {
	const nanosecondBits = 30
	*(*int64)(unsafe.Pointer(&now)) += int64(slept/time.Second) << nanosecondBits
	return now
}

func TestSuspended(t *testing.T) {
	t.Parallel()
	before := time.Now()
	after := suspended(before, time.Hour)
	if after.Sub(before) != 0 || after.Round(0).Sub(before.Round(0)) != time.Hour {
		t.Fatalf("%v later by the monotonic clock, %v by the wall's", after.Sub(before), after.Round(0).Sub(before.Round(0)))
	}
}

// TestLeaseFresh: the API server counts the lock's life by a clock that goes on, whatever this machine's do.
func TestLeaseFresh(t *testing.T) {
	t.Parallel()
	renewed := time.Now()
	for name, test := range map[string]struct {
		now  time.Time
		lost bool
	}{
		"just renewed":            {now: renewed.Add(time.Second)},
		"not renewed":             {now: renewed.Add(15 * time.Second), lost: true},
		"after a short sleep":     {now: suspended(renewed, 5*time.Second)},
		"after a long sleep":      {now: suspended(renewed, time.Hour), lost: true},
		"the wall clock set back": {now: suspended(renewed.Add(20*time.Second), -time.Hour), lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &lease{lock: &Lock{Duration: 15 * time.Second, Now: func() time.Time { return test.now }}, renewed: renewed}
			if err := l.fresh(); errors.Is(err, ErrLockLost) != test.lost {
				t.Errorf("got %v, want lost %v", err, test.lost)
			}
		})
	}
}
