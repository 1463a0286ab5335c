package progress

import (
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/tty"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// changed says in words what was done to a resource; "" when nothing was.
func changed(style tty.Style, c *plan.Change) string {
	if c == nil {
		return ""
	}
	resource := printable.Line(c.Resource.String())
	switch c.Action {
	case plan.Create:
		return style.Green("created") + " " + resource
	case plan.Update:
		return style.Yellow("updated") + " " + resource
	case plan.Delete:
		return style.Red("deleted") + " " + resource
	case plan.Adopt:
		return style.Cyan("adopted") + " " + resource
	case plan.None, plan.Blocked:
	}
	return ""
}
