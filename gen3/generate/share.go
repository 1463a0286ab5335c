package generate

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// A password that a service's job signs in with stands in two secrets: in the job's credentials.json, and where the other service keeps
// its users. There are two forms of the latter: a Secret that has the user's name as a key (indexd's users), and the line ADMIN_LOGINS of an
// environment file (the metadata service's).
const (
	jobFile     = "credentials.json"
	metadataKey = "metadataService" // its object within jobFile
	metadataEnv = "metadata.env"
)

// shares reports whether a Secret keeps users, so that another may need a password of it.
func (m *Maker) shares(secret string) bool {
	_, ofMetadata := m.made[secret][metadataEnv]
	return ofMetadata || slices.ContainsFunc(m.jobUsers(), func(user string) bool { _, ok := m.made[secret][user]; return ok })
}

// jobUsers are the users that jobs sign in as.
func (m *Maker) jobUsers() []string {
	var out []string
	for _, content := range m.made {
		logins, _ := loginsIn(content[jobFile].Reveal())
		for _, l := range logins {
			out = append(out, l.user())
		}
	}
	return out
}

// login is a user and a password within a job's file.
type login struct {
	object   map[string]any
	metadata bool
}

func (l login) user() string     { s, _ := l.object["username"].(string); return s }
func (l login) password() string { s, _ := l.object["password"].(string); return s }

// loginsIn finds the logins in a job's file, and returns the file that they are part of.
func loginsIn(text string) (out []login, file any) {
	if json.Unmarshal([]byte(text), &file) != nil {
		return nil, nil
	}
	var walk func(v any, in string)
	walk = func(v any, in string) {
		switch v := v.(type) {
		case []any:
			for _, inner := range v {
				walk(inner, in)
			}
		case map[string]any:
			if l := (login{v, in == metadataKey}); l.user() != "" && v["password"] != nil {
				out = append(out, l)
			}
			for _, key := range sorted(v) {
				walk(v[key], key)
			}
		}
	}
	walk(file, "")
	return out, file
}

// share makes the passwords equal that stand in two secrets. What exists counts first, then what the operator's values say.
func (p *pool) share() {
	for _, secret := range sorted(p.content) {
		v := p.content[secret][jobFile]
		if v == nil || v.text.IsZero() {
			continue
		}
		logins, file := loginsIn(v.text.Reveal())
		for _, l := range logins {
			p.shareOne(secret, v, l)
		}
		if !v.fixed && len(logins) > 0 {
			v.text = redact.New(strings.TrimSuffix(indented(file), "\n"))
		}
	}
}

func (p *pool) shareOne(secret string, v *value, l login) {
	kept := p.keeper(l)
	if kept == nil {
		return // no other secret of this deployment has it: it is the operator's to fill
	}
	given := !placeholder(l.password())
	switch why := kept.unknown(); {
	case v.fixed && !kept.value.fixed && given:
		kept.set(l.password(), p.existing(secret, jobFile)...)
	case v.fixed:
	case why != "":
		p.refuse(secret, refusal{Blocked, "it takes the password of " + l.user() + " from " + why, ""})
	case !kept.value.fixed && given:
		kept.set(l.password())
	default:
		l.object["password"] = kept.password()
		v.takes = append(v.takes, p.existing(kept.secret, kept.key)...)
	}
	if !v.fixed && !kept.value.fixed {
		v.after = append(v.after, p.remoteOf(kept.secret, kept.key)...)
	}
}

// keeper is where a service keeps a user's password.
type keeper struct {
	*pool

	secret, key, user string
	value             *value
}

func (p *pool) keeper(l login) *keeper {
	key := l.user()
	if l.metadata {
		key = metadataEnv
	}
	for _, secret := range sorted(p.content) {
		if v := p.content[secret][key]; v != nil {
			return &keeper{p, secret, key, l.user(), v}
		}
	}
	return nil
}

// unknown says why the password cannot be told, "" where it can.
func (k *keeper) unknown() string {
	by := k.deployed.WritersOf(k.secret)
	helm := slices.ContainsFunc(by, func(w gen3.Writer) bool { return w.Kind == gen3.ByHelm })
	switch {
	case !k.value.fixed && helm:
		return "Secret " + k.secret + ", which Helm makes and which is not in the cluster yet"
	case k.value.text.IsZero() || k.password() == "":
		where := "Secret " + k.secret
		if names := k.remoteOf(k.secret, k.key); len(names) > 0 {
			where = strings.Join(names, ", ")
		}
		return where + ", which does not have it or may not be read"
	}
	return ""
}

func (k *keeper) password() string {
	text := k.value.text.Reveal()
	if k.key != metadataEnv {
		return text
	}
	for _, found := range loginsLine.FindAllStringSubmatch(text, -1) {
		if found[1] == k.user {
			return found[2]
		}
	}
	return ""
}

// set puts a password that exists, or that the operator chose, into the place of a random one. The names are the secrets that it is of.
func (k *keeper) set(password string, of ...string) {
	k.value.takes = append(k.value.takes, of...)
	if k.key != metadataEnv {
		k.value.text = redact.New(password)
		return
	}
	text := loginsLine.ReplaceAllLiteralString(k.value.text.Reveal(), "ADMIN_LOGINS="+k.user+":"+password)
	k.value.text = redact.New(text)
	if beside := k.content[k.secret][authorizationKey]; beside != nil && !beside.fixed {
		beside.takes = append(beside.takes, of...)
		beside.text = redact.New(base64.StdEncoding.EncodeToString([]byte(k.user + ":" + password)))
	}
}
