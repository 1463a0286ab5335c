package awsfake

import "slices"

// maxSecret is how many bytes a value may have.
const maxSecret = 65536

// secretInput has the parameters of all Secrets Manager actions.
type secretInput struct {
	Name                        string
	SecretID                    string   `json:"SecretId"`
	SecretIDList                []string `json:"SecretIdList"`
	Description                 *string
	KmsKeyID                    string `json:"KmsKeyId"`
	ClientRequestToken          string
	SecretString                *string
	SecretBinary                []byte
	VersionID                   string `json:"VersionId"`
	VersionStage                string
	VersionStages               []string
	Tags                        []tagXML
	TagKeys                     []string
	Filters                     []secretFilter
	MaxResults                  *int
	NextToken                   string
	SortOrder                   string
	SortBy                      string
	RecoveryWindowInDays        int
	ForceDeleteWithoutRecovery  bool
	IncludePlannedDeletion      bool
	IncludeDeprecated           bool
	ForceOverwriteReplicaSecret bool
	AddReplicaRegions           []any
	Type                        string
	ResourcePolicy              string
	BlockPublicPolicy           bool
}

// secretFilter is one filter of a list.
type secretFilter struct {
	Key    string
	Values []string
}

// tags are the tags in the parameters, unchecked.
func (in secretInput) tags() tagSet {
	set := tagSet{}
	for _, t := range in.Tags {
		set[t.Key] = t.Value
	}
	return set
}

// checkedTags are the tags in the parameters.
func (in secretInput) checkedTags() (tagSet, error) {
	for _, t := range in.Tags {
		if checkTag(t.Key, t.Value, "tags") != nil {
			return nil, invalidParameter("Tag key %q or its value %q is not valid: keys have 1 to 128 and values up to 256 "+
				"characters, without aws: in front.", t.Key, t.Value)
		}
	}
	if len(in.tags()) < len(in.Tags) {
		return nil, invalidParameter("Duplicate tag keys are not allowed.")
	}
	return in.tags(), nil
}

// hasValue reports whether the parameters have something to keep, and refuses two of it.
func (in secretInput) hasValue() (bool, error) {
	if in.SecretString != nil && in.SecretBinary != nil {
		return false, invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	}
	if len(in.SecretBinary) > maxSecret || in.SecretString != nil && len(*in.SecretString) > maxSecret {
		return false, constraintJSON("secretString", "have length less than or equal to 65536")
	}
	return in.SecretString != nil || in.SecretBinary != nil, nil
}

// stages are the version stages that a new value gets.
func (in secretInput) stages() []string {
	if len(in.VersionStages) == 0 {
		return []string{current}
	}
	return slices.Clone(in.VersionStages)
}
