package progress

import "github.com/uc-cdis/gen3-bootstrap/internal/event"

// quiet drops all but the log, which comes only when asked for.
type quiet struct{ plain }

// Quiet returns a view that shows no progress.
func Quiet() View { return &quiet{} }

func (*quiet) Add(event.Event) {}

func (*quiet) Notice(string) {}
