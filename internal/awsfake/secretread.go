package awsfake

import (
	"slices"
	"time"
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
	x.accessed = r.now.UTC().Truncate(24 * time.Hour) // all that AWS tells of it
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
	ids, next, err := r.batchIDs()
	if err != nil {
		return nil, err
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

// batchIDs are the secrets wanted. To find them by filters is also to list.
func (r *request) batchIDs() (ids []string, next string, err error) {
	if len(r.in.Filters) == 0 {
		return r.in.SecretIDList, "", nil
	}
	list := access{action: "secretsmanager:ListSecrets", resource: "*", keys: r.contextKeys(onAny(r))}
	if err := r.srv.permit(r, list); err != nil {
		return nil, "", err
	}
	part, next, err := r.secretPage(20)
	for _, x := range part {
		ids = append(ids, x.arn)
	}
	return ids, next, err
}

// batchOne reads one of them.
func (r *request) batchOne(id string) (*secretValueJSON, error) {
	one := *r
	one.in = secretInput{SecretID: id}
	t := onSecret(&one)
	a := access{action: "secretsmanager:GetSecretValue", resource: t.arn, keys: one.contextKeys(t), policy: t.policy, asked: t.asked}
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
