package iamsetup

import (
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"k8s.io/apimachinery/pkg/util/duration"
)

// Clock tells AWS's time, from the Date header of the last answer seen: key creation dates are compared with it, and
// the operator's own clock may be off.
type Clock struct {
	local func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

// NewClock goes by the local one until an answer was seen.
func NewClock(local func() time.Time) *Clock { return &Clock{local: local} }

// Local is the operator's own time.
func (c *Clock) Local() time.Time { return c.local() }

// Learn takes the server's time from the metadata of an answer.
func (c *Clock) Learn(m middleware.Metadata) {
	server, ok := awsmiddleware.GetServerTime(m)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = server.Sub(c.local())
}

// Now is AWS's time, truncated to the second as IAM's own dates are.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.local().Add(c.offset).UTC().Truncate(time.Second)
}

// At is a local time as AWS's clock has it.
func (c *Clock) At(local time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return local.Add(c.offset).UTC()
}

// Age says how long ago something was, as kubectl does: "5m", "3h12m", "40d".
func Age(d time.Duration) string { return duration.HumanDuration(max(d, 0)) }
