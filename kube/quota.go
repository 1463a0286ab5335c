package kube

import (
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// quotaHint tells a ResourceQuota that leaves no room from a lack of rights: the API server forbids in both cases, and
// says which only in its message. It is "" for other errors.
func quotaHint(err error, namespace string) string {
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "exceeded quota") {
		return ""
	}
	return "a quota of the namespace leaves no room for it: raise it, or delete what is not needed; " +
		hint.Command("kubectl", "-n", namespace, "describe", "resourcequota") + " shows what is used"
}
