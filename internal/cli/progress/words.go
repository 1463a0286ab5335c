package progress

import (
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// changed says in words what was done to a resource; "" when nothing was.
func changed(style tty.Style, c *plan.Change) string {
	if c == nil {
		return ""
	}
	switch c.Action {
	case plan.Create:
		return style.Green("created") + " " + c.Resource
	case plan.Update:
		return style.Yellow("updated") + " " + c.Resource
	case plan.Delete:
		return style.Red("deleted") + " " + c.Resource
	case plan.Adopt:
		return style.Cyan("adopted") + " " + c.Resource
	case plan.None, plan.Blocked:
	}
	return ""
}
