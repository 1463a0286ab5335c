package status

import (
	"regexp"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// kmsRefused knows the words for a secret whose key the operator may not use: Secrets Manager's own, and those of a policy.
func kmsRefused(cause string) bool {
	return strings.Contains(cause, "Access to KMS is not allowed") ||
		strings.Contains(cause, "AccessDenied") && (strings.Contains(cause, "kms:Decrypt") || strings.Contains(cause, "kms:GenerateDataKey"))
}

// secretIn is how the operator's events name the Secrets Manager secret that they are about; those of an extract do not.
var secretIn = regexp.MustCompile(`\(key: ([A-Za-z0-9/_+=.@:-]{1,512})\)`)

// kmsHint says which flag lets the operator use the key of a secret. An event can be written by a tenant, so a key that it names is not
// passed on: AWS is to be asked which one the secret has.
func (v *status) kmsHint(cause string) string {
	if !kmsRefused(cause) {
		return ""
	}
	s := v.target.Settings
	ask := []string{"aws", "secretsmanager", "describe-secret", "--region", s.Region}
	if s.Profile != "" {
		ask = append(ask, "--profile", s.Profile)
	}
	secret := "NAME"
	if found := secretIn.FindStringSubmatch(cause); found != nil {
		secret = found[1]
	}
	ask = append(ask, "--secret-id", secret, "--query", "KmsKeyId", "--output", "text")
	text := "the operator may not use the KMS key of that secret: `" + hint.Command(ask...) + "` names it"
	if len(s.KMSKeys) > 0 {
		text += "; the policy has " + strings.Join(s.KMSKeys, ", ")
	}
	return text + "; add it with --kms-key to the flags of `" + s.Invocation().Command("up") + "`, and see that the key's own policy lets the account's policies decide"
}
