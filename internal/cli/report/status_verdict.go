package report

import (
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// verdict sums up in one line.
func verdict(r status.Result) string {
	pending, blocked, ill, unwell := 0, 0, 0, 0
	for _, c := range r.Resources {
		if c.Unwell {
			unwell++
		}
		switch c.Action {
		case plan.None:
		case plan.Blocked:
			blocked++
		case plan.Create, plan.Update, plan.Delete, plan.Adopt:
			pending++
		}
	}
	for _, o := range r.Objects {
		if o.Ready != "True" {
			ill++
		}
	}
	var parts []string
	if pending > 0 {
		parts = append(parts, "up would make "+many(pending, "change"))
	}
	if blocked > 0 {
		parts = append(parts, "up would refuse for "+many(blocked, "reason"))
	}
	if unwell > 0 {
		parts = append(parts, many(unwell, "resource")+" not well")
	}
	if ill > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s of External Secrets not ready", ill, many(len(r.Objects), "object")))
	}
	if len(r.Unread) > 0 {
		parts = append(parts, "not everything could be read")
	}
	if len(parts) == 0 {
		return "status: up to date"
	}
	return "status: " + strings.Join(parts, "; ")
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
