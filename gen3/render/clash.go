package render

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// clash is the key that a line of Helm's log says to be a mapping on one side and something else on the other, "" where it says
// something else (helm.sh/helm/v3/pkg/chartutil/coalesce.go).
func clash(line string) string {
	for _, form := range []string{
		`destination for (\S+) is a table\. Ignoring non-table value`,
		`cannot overwrite table with non table for (\S+) \(`,
		`skipped value for (\S+): Not a table`,
		`cannot merge map onto non-map for "([^"]+)"`,
		`key (\S+) is table\. Skipping`,
	} {
		if found := regexp.MustCompile(form).FindStringSubmatch(line); found != nil {
			return found[1]
		}
	}
	return ""
}

// MismatchError is a value that is no mapping where the chart has one, so that nothing renders.
type MismatchError struct {
	Chart string
	Path  string
}

func (e MismatchError) Error() string {
	return fmt.Sprintf("merge values for chart %s: %s is a mapping in the chart, and none here", e.Chart, e.Path)
}

// unmerged says why Helm could not merge values, without its own message, which quotes them.
func (c *Chart) unmerged(err error) error {
	if found := regexp.MustCompile(`type mismatch on ([^\s:]+):`).FindStringSubmatch(err.Error()); found != nil {
		path := strings.TrimPrefix(found[1], c.Name()+".")
		return hint.With(MismatchError{Chart: c.Name(), Path: path}, "give "+path+" the form that the chart's values.yaml has")
	}
	return fmt.Errorf("merge values for chart %s: they do not fit its own", c.Name())
}
