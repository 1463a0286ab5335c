package stored

import (
	"time"
)

// at is a time to store releases at.
func at() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }
