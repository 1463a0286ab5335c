package awsfake

import (
	"strings"
	"time"
)

// credential is what a key id stands for.
type credential struct {
	secret, token string
	expires       time.Time // zero for keys that do not
	who           principal
	key           *accessKey // nil for sessions and the admin
}

// credentials finds what a key id stands for.
func (s *Server) credentials(id string) (credential, bool) {
	if strings.HasPrefix(id, "ASIA") {
		return s.sessionCredentials(id)
	}
	k, ok := s.keys.taken(id)
	if !ok || k.id != id || k.status != active || !k.usable.seen(s) {
		return credential{}, false
	}
	u := k.user
	c := credential{
		secret: k.secret, key: k,
		who: principal{arn: u.arn, userID: u.id, name: u.name, admin: u == s.admin, who: &u.identity},
	}
	if k.expired {
		c.expires = time.Unix(0, 0)
	}
	return c, true
}

// ExpireCredentials makes a key id, of a session or of a user, answer ExpiredToken from now on.
func (s *Server) ExpireCredentials(keyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.sessions[keyID]; ok {
		x.expires = s.now()
	}
	if k, ok := s.keys.taken(keyID); ok {
		k.expired = true
	}
}
