package render

import (
	"regexp"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
)

// FromManifest reads the objects of a release that Helm stored. Each document names the template that it comes from.
func FromManifest(manifests ...string) (objects []gen3.Object, warnings []string) {
	source := regexp.MustCompile(`(?m)^# Source: (\S+)`)
	for _, manifest := range manifests {
		for _, doc := range documentLine.Split(manifest, -1) {
			name := "the stored release"
			if found := source.FindStringSubmatch(doc); found != nil {
				name = strings.TrimSpace(found[1])
			}
			got, err := Parse(name, doc)
			objects = append(objects, got...)
			if err != nil {
				warnings = append(warnings, err.Error())
			}
		}
	}
	return objects, warnings
}
