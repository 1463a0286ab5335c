package role

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/document"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
)

// assumeWithToken is the one action that a token is good for.
const assumeWithToken = "sts:AssumeRoleWithWebIdentity"

// Trusted is one ServiceAccount of one cluster, as a trust policy names it.
type Trusted struct {
	Issuer  string // the cluster's, as in its tokens
	Subject string // system:serviceaccount:<namespace>:<name>
}

// String says it in words for an operator.
func (t Trusted) String() string { return t.Subject + " of issuer " + t.Issuer }

// Subject is how a ServiceAccount's token names it.
func Subject(namespace, serviceAccount string) string {
	return "system:serviceaccount:" + namespace + ":" + serviceAccount
}

// trust is a role's trust policy. Its statements are kept as the text that they came in, so that one which is not ours
// goes back to IAM as it was, whatever it says.
type trust struct {
	arn        func(issuer string) string // of the identity provider
	fields     map[string]json.RawMessage // all but the statements
	statements []json.RawMessage
}

// newTrust is a policy that nobody is named in yet.
func newTrust(arn func(string) string) trust {
	return trust{arn: arn, fields: map[string]json.RawMessage{"Version": json.RawMessage(`"` + document.Version + `"`)}}
}

func parseTrust(text string, arn func(string) string) (trust, error) {
	t := trust{arn: arn}
	text, err := document.Decode(text)
	if err == nil {
		err = json.Unmarshal([]byte(text), &t.fields)
	}
	if err != nil {
		return t, fmt.Errorf("parse trust policy: %w", err)
	}
	all := t.fields["Statement"]
	delete(t.fields, "Statement")
	if len(all) > 0 && json.Unmarshal(all, &t.statements) != nil {
		t.statements = []json.RawMessage{all} // a single statement may stand without a list
	}
	return t, nil
}

// JSON is the policy as it is sent to IAM, without white space.
func (t trust) JSON() (string, error) {
	all := map[string]any{"Statement": t.statements}
	for name, value := range t.fields {
		all[name] = value
	}
	return compact(all)
}

// lines are the policy as a person compares it.
func (t trust) lines() []string {
	text, err := t.JSON()
	if err != nil {
		return nil
	}
	return document.Lines(text)
}

// compact marshals without the escapes for HTML, of which each costs five characters of the quota.
func compact(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("marshal trust policy: %w", err)
	}
	return string(bytes.TrimSpace(out.Bytes())), nil
}

// characters is how many of IAM's quota the policy takes.
func (t trust) characters() (int, error) {
	text, err := t.JSON()
	return document.Characters(text), err
}

// holds reports whether statements of our form let in any of these.
func (t trust) holds(all ...Trusted) bool {
	return slices.ContainsFunc(t.named(), func(who Trusted) bool { return slices.Contains(all, who) })
}

// named are those whom statements of our form let in.
func (t trust) named() []Trusted {
	var out []Trusted
	for _, raw := range t.statements {
		w, issuer, ok := t.read(raw)
		if !ok {
			continue
		}
		for _, subject := range w.subjects(issuer) {
			if who := (Trusted{issuer, subject}); !slices.Contains(out, who) {
				out = append(out, who)
			}
		}
	}
	return out
}

// with returns the policy with who let in: beside the others of that issuer, or in a statement of its own.
func (t trust) with(who Trusted) trust {
	if t.holds(who) {
		return t
	}
	for i, raw := range t.statements {
		if w, issuer, ok := t.read(raw); ok && issuer == who.Issuer {
			return t.replace(i, w, issuer, append(slices.Clone(w.subjects(issuer)), who.Subject))
		}
	}
	var w webIdentity
	w.Effect, w.Action, w.Principal.Federated = "Allow", texts{assumeWithToken}, texts{t.arn(who.Issuer)}
	name := iamsetup.ProviderName(who.Issuer)
	w.Condition.StringEquals = map[string]texts{name + ":aud": {oidcprovider.Audience}, name + ":sub": {who.Subject}}
	t.statements = append(slices.Clone(t.statements), statementText(w))
	return t
}

// without returns the policy with these let in by no statement of our form. One that names nobody any more goes.
func (t trust) without(all ...Trusted) trust {
	for i, raw := range slices.Backward(t.statements) {
		w, issuer, ok := t.read(raw)
		if !ok {
			continue
		}
		had := w.subjects(issuer)
		rest := slices.DeleteFunc(slices.Clone(had), func(subject string) bool { return slices.Contains(all, Trusted{issuer, subject}) })
		switch {
		case len(rest) == len(had):
		case len(rest) > 0:
			t = t.replace(i, w, issuer, rest)
		default:
			t.statements = slices.Delete(slices.Clone(t.statements), i, i+1)
		}
	}
	return t
}

func (t trust) replace(i int, w webIdentity, issuer string, subjects texts) trust {
	name := iamsetup.ProviderName(issuer)
	w.Condition.StringEquals = map[string]texts{name + ":aud": {oidcprovider.Audience}, name + ":sub": subjects}
	t.statements = slices.Clone(t.statements)
	t.statements[i] = statementText(w)
	return t
}
