package role

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// roleNameMax is how long a role's name may be.
const roleNameMax = 64

// DefaultName is what a namespace's role is called unless the operator names it. The cluster is part of it, so that
// namespaces of the same name do not meet; where the namespace's name is too long, a hash keeps it apart from others that
// begin alike.
func DefaultName(o iamsetup.Owner) string {
	const prefix = "external-secrets-"
	suffix := "-" + o.Cluster[:min(8, len(o.Cluster))]
	if len(prefix+o.Namespace+suffix) <= roleNameMax {
		return prefix + o.Namespace + suffix
	}
	sum := sha256.Sum256([]byte(o.Namespace))
	suffix = "-" + hex.EncodeToString(sum[:4]) + suffix
	room := roleNameMax - len(prefix) - len(suffix)
	return prefix + strings.TrimRight(o.Namespace[:room], "-") + suffix
}
