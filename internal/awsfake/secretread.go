package awsfake

import (
	"maps"
	"slices"
	"strings"
)

type secretValueJSON struct {
	ARN           string
	Name          string
	VersionID     string  `json:"VersionId"`
	SecretString  *string `json:",omitempty"`
	SecretBinary  []byte  `json:",omitempty"`
	VersionStages []string
	CreatedDate   float64
}

type batchJSON struct {
	SecretValues []secretValueJSON
	Errors       []batchErrorJSON
	NextToken    string `json:",omitempty"`
}

type batchErrorJSON struct {
	SecretID  string `json:"SecretId"`
	ErrorCode string
	Message   string
}

type secretJSON struct {
	ARN                    string
	Name                   string
	Description            string              `json:",omitempty"`
	KmsKeyID               string              `json:"KmsKeyId,omitempty"`
	CreatedDate            float64             `json:",omitempty"`
	LastChangedDate        float64             `json:",omitempty"`
	LastAccessedDate       float64             `json:",omitempty"`
	DeletedDate            float64             `json:",omitempty"`
	Tags                   []tagXML            `json:",omitempty"`
	VersionIDsToStages     map[string][]string `json:"VersionIdsToStages,omitempty"`
	SecretVersionsToStages map[string][]string `json:",omitempty"`
}

type secretListJSON struct {
	SecretList []secretJSON
	NextToken  string `json:",omitempty"`
}

func getSecretValue(r *request) (any, error) {
	x, err := r.findSecret(false)
	if err != nil {
		return nil, err
	}
	return r.valueOf(x, r.in.VersionID, r.in.VersionStage)
}

// valueOf reads a version, if the caller may use its key.
func (r *request) valueOf(x *secret, id, stage string) (*secretValueJSON, error) {
	v, err := x.at(id, stage)
	if err != nil {
		return nil, err
	}
	if err := r.permitKMS(x.key, "Decrypt"); err != nil {
		return nil, err
	}
	x.accessed = r.now
	return &secretValueJSON{x.arn, x.name, v.id, v.text, v.binary, v.stages, epoch(v.created)}, nil
}

// batchGetSecretValue reads several, each with a permission of its own.
func batchGetSecretValue(r *request) (any, error) {
	if (len(r.in.SecretIDList) == 0) == (len(r.in.Filters) == 0) {
		return nil, invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	}
	if len(r.in.SecretIDList) > 20 {
		return nil, constraintJSON("secretIdList", "have length less than or equal to 20")
	}
	ids, next := r.in.SecretIDList, ""
	if len(ids) == 0 {
		part, token, err := r.secretPage(20)
		if err != nil {
			return nil, err
		}
		next = token
		for _, x := range part {
			ids = append(ids, x.arn)
		}
	}
	out := batchJSON{SecretValues: []secretValueJSON{}, Errors: []batchErrorJSON{}, NextToken: next}
	for _, id := range ids {
		v, err := r.batchOne(id)
		if e, failed := err.(*apiError); failed { //nolint:errorlint // ours are never wrapped
			out.Errors = append(out.Errors, batchErrorJSON{id, e.code, e.message})
			continue
		}
		out.SecretValues = append(out.SecretValues, *v)
	}
	return out, nil
}

func (r *request) batchOne(id string) (*secretValueJSON, error) {
	one := *r
	one.in = secretInput{SecretID: id}
	t := onSecret(&one)
	a := access{action: "secretsmanager:GetSecretValue", resource: t.arn, keys: one.contextKeys(t)}
	if err := r.srv.permit(r, a); err != nil {
		return nil, err
	}
	x, err := one.findSecret(false)
	if err != nil {
		return nil, err
	}
	return r.valueOf(x, "", "")
}

func describeSecret(r *request) (any, error) {
	x, err := r.findSecret(true)
	if err != nil {
		return nil, err
	}
	out := x.json()
	out.VersionIDsToStages, out.SecretVersionsToStages = out.SecretVersionsToStages, nil
	return out, nil
}

func listSecrets(r *request) (any, error) {
	part, next, err := r.secretPage(100)
	if err != nil {
		return nil, err
	}
	out := secretListJSON{SecretList: []secretJSON{}, NextToken: next}
	for _, x := range part {
		out.SecretList = append(out.SecretList, x.json())
	}
	return out, nil
}

// secretPage is the page of secrets that the request's filters and token ask for.
func (r *request) secretPage(most int) ([]*secret, string, error) {
	size := most
	if r.in.MaxResults != nil {
		if size = *r.in.MaxResults; size < 1 || size > most {
			return nil, "", constraintJSON("maxResults", "be within its bounds")
		}
	}
	var all []*secret
	for _, x := range r.srv.vaults[r.sig.region] {
		fits, err := r.selects(x)
		if err != nil {
			return nil, "", err
		}
		if fits && (x.deleted.IsZero() || r.in.IncludePlannedDeletion) {
			all = append(all, x)
		}
	}
	part, next, ok := pageOf(all, func(x *secret) string { return x.name }, r.in.NextToken, min(size, r.srv.pageSize))
	if !ok {
		return nil, "", badRequest("InvalidNextTokenException", "The NextToken value is invalid.")
	}
	return part, next, nil
}

// selects reports whether a secret passes all filters.
func (r *request) selects(x *secret) (bool, error) {
	for _, f := range r.in.Filters {
		fields, ok := x.searched(f.Key)
		if !ok || len(f.Values) == 0 {
			return false, constraintJSON("filters", "satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]")
		}
		if !slices.ContainsFunc(f.Values, func(want string) bool { return passes(fields, want) }) {
			return false, nil
		}
	}
	return true, nil
}

// passes reports whether one of the fields begins with the text, or none if that begins with "!".
func passes(fields []string, want string) bool {
	bare, negated := strings.CutPrefix(want, "!")
	hit := slices.ContainsFunc(fields, func(have string) bool { return strings.HasPrefix(have, bare) })
	return hit != negated
}

// searched is what a filter looks at.
func (x *secret) searched(key string) ([]string, bool) {
	keys, values := slices.Collect(maps.Keys(x.tags)), slices.Collect(maps.Values(x.tags))
	switch key {
	case "name":
		return []string{x.name}, true
	case "description":
		return []string{x.note}, true
	case "tag-key":
		return keys, true
	case "tag-value":
		return values, true
	case "all":
		return slices.Concat([]string{x.name, x.note}, keys, values), true
	case "primary-region", "owning-service":
		return nil, true
	default:
		return nil, false
	}
}

func (x *secret) json() secretJSON {
	out := secretJSON{
		ARN: x.arn, Name: x.name, Description: x.note, KmsKeyID: x.key, Tags: tagList(x.tags),
		CreatedDate: epoch(x.created), LastChangedDate: epoch(x.changed), SecretVersionsToStages: map[string][]string{},
	}
	if !x.accessed.IsZero() {
		out.LastAccessedDate = epoch(x.accessed)
	}
	if !x.deleted.IsZero() {
		out.DeletedDate = epoch(x.deleted)
	}
	for id, v := range x.versions {
		if len(v.stages) > 0 {
			out.SecretVersionsToStages[id] = slices.Clone(v.stages)
		}
	}
	return out
}

func getResourcePolicy(r *request) (any, error) {
	x, err := r.findSecret(true)
	if err != nil {
		return nil, err
	}
	return map[string]string{"ARN": x.arn, "Name": x.name}, nil
}
