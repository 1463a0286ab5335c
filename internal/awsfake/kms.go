package awsfake

import "strings"

// normalKey is the ARN of the KMS key that the request names, or empty for the account's default.
func (r *request) normalKey(id string) string {
	prefix := "arn:" + r.srv.partition + ":kms:" + r.sig.region + ":" + r.srv.account + ":"
	switch {
	case id == "" || strings.HasSuffix(id, "alias/aws/secretsmanager"):
		return ""
	case strings.HasPrefix(id, "arn:"):
		return id
	case strings.HasPrefix(id, "alias/"):
		return prefix + id
	default:
		return prefix + "key/" + id
	}
}

// permitKMS refuses a caller who may not use a secret's key through Secrets Manager.
func (r *request) permitKMS(key string, actions ...string) error {
	if key == "" {
		return nil
	}
	keys := r.srv.principalKeys(r.who)
	keys.set("kms:ViaService", "secretsmanager."+r.sig.region+"."+r.srv.dnsSuffix())
	keys.set("kms:CallerAccount", r.srv.account)
	for _, a := range actions {
		if r.srv.permit(r, access{action: "kms:" + a, resource: key, keys: keys}) != nil {
			return badRequest("AccessDeniedException", "Access to KMS is not allowed")
		}
	}
	return nil
}
