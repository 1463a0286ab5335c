package generate

import (
	"path"
	"regexp"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// repair is what the chart's own content of a key needs before anything can work with it.
type repair struct {
	key string // of a Secret of Kubernetes, as a pattern of path.Match
	do  func(p *pool, secret, key, text string) (string, error)
}

// repairs are all that is known of the meaning of keys. They go by what is read, whatever it is called in Secrets Manager.
func repairs() []repair {
	return []repair{
		// Fence signs tokens with it: RSA, unencrypted. A chart that is given none makes one itself.
		{"jwt_private_key.pem", (*pool).privateKey},
		// The chart's ENCRYPTION_KEY is the literal REPLACEME, with which fence does not start.
		{"fence-config.yaml", (*pool).fenceConfig},
		// wts reads oidc_client_id and _secret from this file before its environment, where the job's real ones are.
		{"appcreds.json", (*pool).appCreds},
		// The chart encodes the quotes around user and password too: the service answers 403.
		{authorizationKey, (*pool).authorization},
		// Lines such as DB_HOST= hide what the environment says; the rest is as the services' own tools write it.
		{"*.env", (*pool).environment},
		// Nothing reads more of it than that it is there, since services take their database from the environment.
		{"dbcreds.json", (*pool).emptyObject},
		// Without Google the files are there and say nothing; fence refuses one that is empty.
		{"fence_google_*_creds_secret.json", (*pool).emptyObject},
	}
}

// suppliedBy are keys that are never made, with who has them.
func suppliedBy(key string) string {
	switch key {
	case "credentials", "access-key", "secret-access-key":
		return "AWS credentials come from AWS alone"
	}
	return ""
}

// repair goes through all keys that ExternalSecrets read, and all of the Secrets that they extract.
func (p *pool) repair() {
	for _, q := range p.deployed.Requirements {
		for _, r := range q.Reads {
			if r.Shape == gen3.Extract {
				p.database(r.Target)
				continue
			}
			p.repairKey(r.Target, r.Key)
		}
	}
}

func (p *pool) repairKey(secret, key string) {
	v := p.content[secret][key]
	if v != nil && v.fixed {
		return
	}
	if who := suppliedBy(key); who != "" {
		p.refuse(secret, refusal{Operators, who, ""})
		return
	}
	text := ""
	if v != nil {
		text = v.text.Reveal()
	}
	for _, known := range repairs() {
		if ok, err := path.Match(known.key, key); err != nil || !ok {
			continue
		}
		repaired, err := known.do(p, secret, key, text)
		if err != nil {
			p.refuse(secret, refusal{Blocked, err.Error(), ""})
			return
		}
		p.put(secret, key, &value{text: redact.New(repaired), takes: p.beside(secret, key)})
	}
}

// beside are the existing secrets of Secrets Manager that a login may be taken from for another key of the Secret.
func (p *pool) beside(secret, key string) (out []string) {
	for _, other := range sorted(p.content[secret]) {
		if other != key && isLogin(key) && isLogin(other) && p.content[secret][other].fixed {
			out = append(out, p.existing(secret, other)...)
		}
	}
	return out
}

func isLogin(key string) bool { return key == authorizationKey || strings.HasSuffix(key, ".env") }

func (p *pool) refuse(secret string, why refusal) {
	if p.refused[secret].text == "" {
		p.refused[secret] = why
	}
}

// The keys of a database's credentials.
const (
	databaseKey = "database"
	userKey     = "username"
	passwordKey = "password"
	hostKey     = "host"
	portKey     = "port"
	createdKey  = "dbcreated"
)

// simple is a password that can stand in the job's SQL, in a shell and in a URL.
var simple = regexp.MustCompile(`^[A-Za-z0-9]{8,}$`)

// database completes the credentials of a database. They are new, so that a job has to make the role that they are for.
func (p *pool) database(secret string) {
	c := p.content[secret]
	for _, key := range []string{databaseKey, userKey, passwordKey} {
		if c[key] == nil || c[key].fixed {
			return
		}
	}
	p.roles[secret] = true
	host := ""
	if c[hostKey] != nil {
		host = c[hostKey].text.Reveal()
	}
	values := p.values(secret, "postgres.host") + " or global.postgres.master.host"
	switch {
	case !p.jobMakes(secret):
		p.refuse(secret, refusal{Operators, "no job makes the role that it is for: global.postgres.dbCreate is off", "give the credentials of the role that is there"})
	case host == "" || host == UnknownHost:
		p.refuse(secret, refusal{Blocked, "the database's host is not known: no value for " + values, "set " + values + " in a values file"})
	case gen3.InCluster(host, p.space):
		p.refuse(secret, refusal{Blocked, "its database " + host + " is in the cluster and goes with it (global.dev is on)", "set global.dev to false, and " + values})
	case !simple.MatchString(c[passwordKey].text.Reveal()):
		p.refuse(secret, refusal{
			Blocked, "its password has other characters than letters and digits, or fewer than 8: they break the SQL of the job that makes the role, or the service's URL",
			"set another one as " + p.values(secret, "postgres.password") + ", or none, and one is made",
		})
	}
	if c[portKey] == nil || c[portKey].text.IsZero() {
		p.put(secret, portKey, &value{text: redact.New("5432")})
	}
	// The job would say so of a Secret that Helm made; where the operator makes it, what the job writes into it does not stay.
	p.put(secret, createdKey, &value{text: redact.New("true")})
}

// jobMakes reports whether a job makes the role and the database, which it says by a key in the Secret.
func (p *pool) jobMakes(secret string) bool {
	for _, w := range p.deployed.WritersOf(secret) {
		for _, key := range w.Keys {
			if w.Kind == gen3.ByJob && key == createdKey {
				return true
			}
		}
	}
	return false
}

// values is the path of a value of the chart that makes a Secret.
func (p *pool) values(secret, path string) string {
	parts := strings.Split(p.source[secret], "/")
	for i := len(parts) - 2; i > 0; i-- {
		if parts[i-1] == "charts" {
			return parts[i] + "." + path
		}
	}
	return path
}
