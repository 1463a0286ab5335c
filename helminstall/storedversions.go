package helminstall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// checkStoredVersions looks at the CRDs of a new chart beforehand: the API server refuses one that no longer lists a version
// in which objects may still lie in etcd, and it would do so in mid-upgrade.
func (s *Step) checkStoredVersions(docs []string) error {
	if !s.verdict.NewChart || len(s.seen.CRDs) == 0 {
		return nil
	}
	made := map[string][]string{}
	for _, doc := range docs {
		if name, versions := stored.CRDVersions(doc); name != "" {
			made[name] = versions
		}
	}
	for _, crd := range s.seen.CRDs {
		if err := storedVersionsServed(crd.Name, crd.Stored, made[crd.Name]); err != nil {
			return err
		}
	}
	return nil
}

// storedVersionsServed is nil for a CRD that the chart leaves alone.
func storedVersionsServed(crd string, stored, have []string) error {
	for _, version := range stored {
		if len(have) > 0 && !slices.Contains(have, version) {
			return hint.Refuse(fmt.Errorf("upgrade CRD %s: objects may be stored as %s, which the new chart (%s) does not know",
				crd, version, strings.Join(have, ", ")),
				fmt.Sprintf("choose a --chart-version that knows %s (%s knows v1beta1 and v1); or rewrite every object once "+
					"and take %s out of status.storedVersions of the CRD", version, chartsource.DefaultVersion, version))
		}
	}
	return nil
}
