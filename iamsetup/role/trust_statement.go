package role

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
)

// webIdentity is the form of our statements: one for each issuer, with the subjects that may take the role. Nothing else
// is in them, so a subject more or less changes nothing for the others; a statement of another form is never touched.
type webIdentity struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal struct{ Federated texts }
	Action    texts
	Condition struct{ StringEquals map[string]texts }
}

// texts is a list that IAM may turn into its only element.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	var all []string
	err := json.Unmarshal(raw, &all)
	*t = all
	return err // the caller takes it for another form
}

// MarshalJSON spares the two characters that a list of one would cost.
func (t texts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0]) // a string
	}
	return json.Marshal([]string(t)) // strings
}

// read returns the statement if it is one of our form, for whatever issuer.
func (t trust) read(raw json.RawMessage) (w webIdentity, issuer string, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&w) != nil || w.Effect != "Allow" || !slices.Equal(w.Action, texts{assumeWithToken}) || len(w.Condition.StringEquals) != 2 {
		return w, "", false
	}
	for key := range w.Condition.StringEquals {
		name, found := strings.CutSuffix(key, ":sub")
		issuer = "https://" + name
		if found && slices.Equal(w.Condition.StringEquals[name+":aud"], texts{oidcprovider.Audience}) && slices.Equal(w.Principal.Federated, texts{t.arn(issuer)}) {
			return w, issuer, true
		}
	}
	return w, "", false
}

func (w webIdentity) subjects(issuer string) texts {
	return w.Condition.StringEquals[iamsetup.ProviderName(issuer)+":sub"]
}

func statementText(w webIdentity) json.RawMessage {
	text, _ := compact(w) // strings only
	return json.RawMessage(text)
}
