package render

import "regexp"

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
