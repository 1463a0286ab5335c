package iamsetup

import (
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// Age says how long ago something was, as kubectl does: "5m", "3h12m", "40d".
func Age(d time.Duration) string { return duration.HumanDuration(max(d, 0)) }
