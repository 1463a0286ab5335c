package awsfake

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// The version stages that Secrets Manager moves by itself.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// vault is a region's secrets, by name.
type vault map[string]*secret

// secret is one secret.
type secret struct {
	name, arn, note, region string
	key                     string // the ARN of a customer's KMS key, or empty
	tags                    tagSet
	created, changed        time.Time
	accessed, deleted       time.Time // zero for never
	versions                map[string]*secretVersion
	policy                  resourcePolicy
}

// secretVersion is one value that a secret has or had.
type secretVersion struct {
	id      string
	text    *string
	binary  []byte
	stages  []string
	created time.Time
}

func secretActions() map[string]action {
	all := map[string]action{}
	for name, a := range map[string]action{
		"CreateSecret":         {on: onNewSecret, run: createSecret},
		"GetSecretValue":       {on: onSecret, run: getSecretValue},
		"BatchGetSecretValue":  {on: onAny, run: batchGetSecretValue},
		"DescribeSecret":       {on: onSecret, run: describeSecret},
		"ListSecrets":          {on: onAny, run: listSecrets},
		"PutSecretValue":       {on: onSecret, run: putSecretValue},
		"UpdateSecret":         {on: onSecret, run: updateSecret},
		"TagResource":          {on: onSecret, run: tagSecret},
		"UntagResource":        {on: onSecret, run: untagSecret},
		"DeleteSecret":         {on: onSecret, run: deleteSecret},
		"RestoreSecret":        {on: onSecret, run: restoreSecret},
		"GetResourcePolicy":    {on: onSecret, run: getResourcePolicy},
		"PutResourcePolicy":    {on: onSecret, run: putResourcePolicy},
		"DeleteResourcePolicy": {on: onSecret, run: deleteResourcePolicy},
	} {
		all["secretsmanager:"+name] = a
	}
	return all
}

// secretARN is the ARN of a secret of the region of the request, without or with its suffix.
func (r *request) secretARN(name string) string {
	return r.srv.secretARN(r.sig.region, name)
}

func (s *Server) secretARN(region, name string) string {
	return "arn:" + s.partition + ":secretsmanager:" + region + ":" + s.account + ":secret:" + name
}

// onNewSecret is a secret that is not there yet, whose suffix nobody knows: AWS matches the ARN with any. Conditions on
// its tags see those that it is to have, on which AWS's own tutorial of access by tags relies
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html).
func onNewSecret(r *request) target {
	return target{arn: r.secretARN(r.in.Name) + "-??????", asked: r.in.Name, name: r.in.Name, tags: r.in.tags()}
}

// onSecret is the named secret, or the ARN that one of the name would begin with.
func onSecret(r *request) target {
	if x, ok := r.srv.secretOf(r.sig.region, r.in.SecretID); ok {
		return target{arn: x.arn, tags: x.tags, name: x.name, policy: x.policy}
	}
	if strings.HasPrefix(r.in.SecretID, "arn:") {
		return target{arn: r.in.SecretID}
	}
	return target{arn: r.secretARN(r.in.SecretID), asked: r.in.SecretID}
}

// secretOf finds a secret by its name, its ARN, or its ARN without the suffix.
func (s *Server) secretOf(region, id string) (*secret, bool) {
	v := s.vaults[region]
	if x, ok := v[id]; ok {
		return x, true
	}
	for _, x := range v {
		if x.arn == id || s.secretARN(region, x.name) == id {
			return x, true
		}
	}
	return nil, false
}

// findSecret finds the secret that the request names; one that awaits its deletion only if asked for.
func (r *request) findSecret(deletedToo bool) (*secret, error) {
	id := r.in.SecretID
	if id == "" || len(id) > 2048 {
		return nil, constraintJSON("secretId", "have length between 1 and 2048")
	}
	x, ok := r.srv.secretOf(r.sig.region, id)
	if !ok {
		return nil, resourceNotFound()
	}
	if !x.deleted.IsZero() && !deletedToo {
		return nil, invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
	}
	return x, nil
}

func constraintJSON(field, rule string) error {
	return badRequest("ValidationException", "1 validation error detected: Value at '%s' failed to satisfy constraint: "+
		"Member must %s", field, rule)
}

// checkSecretName refuses what Secrets Manager refuses of a new name.
func checkSecretName(name string) error {
	if name == "" || len(name) > 512 {
		return constraintJSON("name", "have length between 1 and 512")
	}
	if !regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]+$`).MatchString(name) {
		return badRequest("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or "+
			"any of the following: -/_+=.@!")
	}
	return nil
}

// at returns the version with an id or a stage.
func (x *secret) at(id, stage string) (*secretVersion, error) {
	if stage == "" && id == "" {
		stage = current
	}
	for _, v := range x.versions {
		if (id == "" || v.id == id) && (stage == "" || slices.Contains(v.stages, stage)) {
			return v, nil
		}
	}
	label := "VersionId: " + id
	if stage != "" {
		label = "staging label: " + stage
	}
	return nil, badRequest(codeAbsent, "Secrets Manager can't find the specified secret value for %s", label)
}

// put adds a value. The stages that it gets leave the version that had them; what was current becomes previous.
func (x *secret) put(v *secretVersion) {
	for _, old := range x.versions {
		if slices.Contains(v.stages, current) {
			old.stages = slices.DeleteFunc(old.stages, func(s string) bool { return s == previous })
			if slices.Contains(old.stages, current) {
				old.stages = append(old.stages, previous)
			}
		}
		old.stages = slices.DeleteFunc(old.stages, func(s string) bool { return slices.Contains(v.stages, s) })
	}
	x.versions[v.id] = v
	x.changed = v.created
}
