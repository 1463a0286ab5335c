package awsfake

import (
	"slices"
)

type secretChanged struct {
	ARN           string
	Name          string
	VersionID     string   `json:"VersionId,omitempty"`
	VersionStages []string `json:",omitempty"`
	DeletionDate  float64  `json:",omitempty"`
}

func createSecret(r *request) (any, error) {
	if err := checkSecretName(r.in.Name); err != nil {
		return nil, err
	}
	tags, err := r.in.checkedTags()
	if err != nil {
		return nil, err
	}
	if len(tags) > maxTags {
		return nil, invalidParameter("The number of tags is more than %d.", maxTags)
	}
	v, err := r.newValue()
	if err != nil {
		return nil, err
	}
	if x, ok := r.srv.vaults[r.sig.region][r.in.Name]; ok {
		return r.createAgain(x, v)
	}
	key := r.normalKey(r.in.KmsKeyID)
	if err := r.permitKMS(key, "GenerateDataKey", "Decrypt"); err != nil {
		return nil, err
	}
	x := r.srv.addSecret(r.sig.region, r.in.Name)
	x.key, x.tags = key, tags
	if r.in.Description != nil {
		x.note = *r.in.Description
	}
	return x.accept(v), nil
}

// createAgain answers a creation that was already done with the same token and value as the first time.
func (r *request) createAgain(x *secret, v *secretVersion) (any, error) {
	if !x.deleted.IsZero() {
		return nil, invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if v != nil {
		if same, ok := x.versions[v.id]; ok && same.equals(v) {
			return secretChanged{ARN: x.arn, Name: x.name, VersionID: v.id}, nil
		}
	}
	return nil, badRequest("ResourceExistsException", "The operation failed because the secret %s already exists.", r.in.Name)
}

// addSecret makes an empty secret.
func (s *Server) addSecret(region, name string) *secret {
	if s.vaults[region] == nil {
		s.vaults[region] = vault{}
	}
	x := &secret{
		name: name, arn: s.secretARN(region, name) + "-" + s.mint.suffix(), region: region, tags: tagSet{},
		created: s.now(), changed: s.now(), versions: map[string]*secretVersion{},
	}
	s.vaults[region][name] = x
	return x
}

// newValue is the request's value, or nil if it has none.
func (r *request) newValue() (*secretVersion, error) {
	has, err := r.in.hasValue()
	if err != nil || !has {
		return nil, err
	}
	id := r.in.ClientRequestToken
	if id == "" {
		id = r.srv.mint.uuid("version")
	}
	if len(id) < 32 || len(id) > 64 {
		return nil, constraintJSON("clientRequestToken", "have length between 32 and 64")
	}
	return &secretVersion{id: id, text: r.in.SecretString, binary: r.in.SecretBinary, stages: r.in.stages(), created: r.now}, nil
}

// accept puts the value, if there is one, and says what changed.
func (x *secret) accept(v *secretVersion) secretChanged {
	out := secretChanged{ARN: x.arn, Name: x.name}
	if v != nil {
		x.put(v)
		out.VersionID, out.VersionStages = v.id, slices.Clone(v.stages)
	}
	return out
}

func putSecretValue(r *request) (any, error) {
	x, err := r.findSecret(false)
	if err != nil {
		return nil, err
	}
	v, err := r.newValue()
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, invalidRequest("You must provide either SecretString or SecretBinary.")
	}
	return r.accept(x, v)
}

func updateSecret(r *request) (any, error) {
	x, err := r.findSecret(false)
	if err != nil {
		return nil, err
	}
	v, err := r.newValue()
	if err != nil {
		return nil, err
	}
	if r.in.KmsKeyID != "" {
		key := r.normalKey(r.in.KmsKeyID)
		if err := r.permitKMS(key, "GenerateDataKey", "Decrypt"); err != nil {
			return nil, err
		}
		x.key = key
	}
	if r.in.Description != nil {
		x.note = *r.in.Description
	}
	x.changed = r.now
	if v == nil {
		return x.accept(nil), nil
	}
	return r.accept(x, v)
}

// accept puts a value into a secret that exists, once for each token.
func (r *request) accept(x *secret, v *secretVersion) (any, error) {
	if err := r.permitKMS(x.key, "GenerateDataKey", "Decrypt"); err != nil {
		return nil, err
	}
	if old, again := x.versions[v.id]; again {
		if !old.equals(v) {
			return nil, badRequest("ResourceExistsException", "A resource with the ID you requested already exists.")
		}
		return secretChanged{ARN: x.arn, Name: x.name, VersionID: v.id, VersionStages: old.stages}, nil
	}
	return x.accept(v), nil
}

func (v *secretVersion) equals(o *secretVersion) bool {
	text := v.text == nil && o.text == nil || v.text != nil && o.text != nil && *v.text == *o.text
	return text && slices.Equal(v.binary, o.binary)
}
