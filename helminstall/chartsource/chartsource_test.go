package chartsource

import (
	"time"
)

// at is a time to write files at.
func at() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }
