package role

import (
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
)

// ownersOf returns the owners whose tag stands for who, as its key names the namespace and its value the issuer. There are
// two where a cluster was built anew under its old issuer.
func ownersOf(t iamsetup.Tags, who Trusted) []string {
	return slices.DeleteFunc(t.Owners(), func(owner string) bool {
		_, namespace, _ := strings.Cut(owner, "/")
		issuers := strings.Fields(t[iamsetup.TagOwner+owner])
		return !strings.HasPrefix(who.Subject, Subject(namespace, "")) || !slices.Contains(issuers, iamsetup.TagValue(who.Issuer))
	})
}

// prove reports whether o and no other owner had who let in. IAM's tags prove it, whatever the record says.
func prove(t iamsetup.Tags, o iamsetup.Owner, who Trusted) bool {
	return slices.Equal(ownersOf(t, who), []string{o.String()})
}
