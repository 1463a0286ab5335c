package awsfake

import (
	"slices"
	"time"
)

// Key is an access key as the account has it.
type Key struct {
	ID      string
	Status  string // Active or Inactive
	Created time.Time
}

// Keys returns the keys that a user has, whether or not calls see them yet, oldest first.
func (s *Server) Keys(user string) []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users.taken(user)
	if !ok {
		return nil
	}
	var list []Key
	for _, k := range s.keysOf(u) {
		list = append(list, Key{k.id, k.status, k.created})
	}
	return list
}

// SecretOf returns the secret half of a key, or nothing.
func (s *Server) SecretOf(keyID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.sessions[keyID]; ok {
		return x.secret
	}
	if k, ok := s.keys.taken(keyID); ok {
		return k.secret
	}
	return ""
}

// Secrets returns every secret half and session token that was ever minted, so that a test can look for them in all
// that a program wrote. AdminSecret is not among them.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.minted)
}

// SetKeyStatus makes a key Active or Inactive.
func (s *Server) SetKeyStatus(keyID, status string) {
	s.editKey(keyID, func(k *accessKey) { k.status = status })
}

// SetKeyCreated gives a key an age.
func (s *Server) SetKeyCreated(keyID string, at time.Time) {
	s.editKey(keyID, func(k *accessKey) { k.created = at })
}

// SetKeyUsed gives a key a last use, such as of s3 in us-east-1.
func (s *Server) SetKeyUsed(keyID, service, region string, at time.Time) {
	s.editKey(keyID, func(k *accessKey) { k.used = &usage{at, service, region} })
}

// editKey does nothing to a key that is not there.
func (s *Server) editKey(keyID string, edit func(*accessKey)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.keys.taken(keyID); ok {
		edit(k)
	}
}
