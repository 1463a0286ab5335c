package awsfake

import (
	"time"
)

// session is a set of temporary credentials.
type session struct {
	secret, token string
	expires       time.Time
	role          *role
	who           principal
}

type callerXML struct {
	Arn     string
	UserId  string //nolint:revive,staticcheck // the name on the wire
	Account string
}

type credentialsXML struct {
	AccessKeyId     string //nolint:revive,staticcheck // the name on the wire
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type assumedXML struct {
	AssumedRoleId string //nolint:revive,staticcheck // the name on the wire
	Arn           string
}

type assumeResult struct {
	Credentials                 credentialsXML
	AssumedRoleUser             assumedXML
	SubjectFromWebIdentityToken string `xml:",omitempty"`
	Audience                    string `xml:",omitempty"`
	Provider                    string `xml:",omitempty"`
}

func stsActions() map[string]action {
	return map[string]action{
		"sts:GetCallerIdentity":         {run: getCallerIdentity},
		"sts:AssumeRole":                {run: assumeRole},
		"sts:AssumeRoleWithWebIdentity": {run: assumeRoleWithWebIdentity, open: true},
	}
}

func getCallerIdentity(r *request) (any, error) {
	return callerXML{r.who.arn, r.who.userID, r.srv.account}, nil
}

// assumeRole lets in whom the trust policy names. If it names only the account, the caller needs permission too.
func assumeRole(r *request) (any, error) {
	o, name, err := r.sessionOf()
	if err != nil {
		return nil, err
	}
	a := access{action: "sts:AssumeRole", resource: r.str("RoleArn"), keys: r.srv.principalKeys(r.who)}
	refused := r.accessDenied(a.action, a.resource, "because the role's trust policy does not let it")
	if o == nil {
		return nil, refused
	}
	doc := o.trust.seen(r.srv).doc
	named := doc.trusts(a, func(kind, p string) bool { return kind == "AWS" && p == r.who.arn })
	account := doc.trusts(a, func(kind, p string) bool {
		return kind == "AWS" && (p == "*" || p == r.srv.account || p == r.srv.iamARN("root"))
	})
	switch {
	case named == forbidden || account == forbidden || named == silent && account == silent:
		return nil, refused
	case named == silent:
		if err := r.srv.permit(r, a); err != nil {
			return nil, err
		}
	}
	return r.openSession(o, name)
}

// sessionOf reads what role a session is wanted of; the role is nil if there is none.
func (r *request) sessionOf() (*role, string, error) {
	arn, err := r.arn("RoleArn")
	if err != nil {
		return nil, "", err
	}
	name, err := r.name("RoleSessionName", 64)
	if err != nil || len(name) < 2 {
		return nil, "", constraint(name, "roleSessionName", `satisfy regular expression pattern: [\w+=,.@-]{2,64}`)
	}
	o, ok := r.srv.roles.find(r.srv, lastPart(arn))
	if !ok || o.arn != arn {
		return nil, name, nil
	}
	return o, name, nil
}

// openSession mints temporary credentials.
func (r *request) openSession(o *role, name string) (assumeResult, error) {
	s := r.srv
	seconds, err := r.number("DurationSeconds", 3600, 900, o.session)
	if err != nil {
		return assumeResult{}, invalidValue("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	id := s.mint.keyID("ASIA")
	arn := s.stsARN("assumed-role/" + o.name + "/" + name)
	x := &session{
		secret: s.mint.secret(), token: s.mint.sessionToken(), role: o,
		expires: r.now.Add(time.Duration(seconds) * time.Second),
		who:     principal{arn: arn, userID: o.id + ":" + name, name: o.name, who: &o.identity},
	}
	s.sessions[id] = x
	s.minted = append(s.minted, x.secret, x.token)
	o.used = &usage{at: r.now, service: "sts", region: r.sig.region}
	return assumeResult{
		Credentials:     credentialsXML{id, x.secret, x.token, stamp(x.expires)},
		AssumedRoleUser: assumedXML{x.who.userID, arn},
	}, nil
}

// sessionCredentials finds a session whose role is still there.
func (s *Server) sessionCredentials(id string) (credential, bool) {
	x, ok := s.sessions[id]
	if !ok {
		return credential{}, false
	}
	if o, there := s.roles.taken(x.role.name); !there || o != x.role {
		return credential{}, false
	}
	return credential{secret: x.secret, token: x.token, expires: x.expires, who: x.who}, true
}
