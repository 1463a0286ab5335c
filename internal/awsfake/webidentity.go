package awsfake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// SetJWKS gives the keys with which an issuer's tokens are checked: the document of its jwks_uri. The issuer is its
// URL, as in the tokens' iss.
func (s *Server) SetJWKS(issuer string, jwks []byte) error {
	keys, err := readJWKS(jwks)
	if err != nil {
		return fmt.Errorf("read the keys of %s: %w", issuer, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issuers[issuer] = keys
	return nil
}

// assumeRoleWithWebIdentity lets in whom a token of a known provider proves, if the role's trust policy does.
func assumeRoleWithWebIdentity(r *request) (any, error) {
	o, name, err := r.sessionOf()
	if err != nil {
		return nil, err
	}
	token, err := r.readIdentity()
	if err != nil {
		return nil, err
	}
	arn := r.srv.providerARN(token.Issuer)
	a := access{action: "sts:AssumeRoleWithWebIdentity", keys: token.contextKeys()}
	is := func(kind, p string) bool { return kind == "Federated" && p == arn }
	if o == nil || o.trust.seen(r.srv).doc.trusts(a, is) != allowed {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	out, err := r.openSession(o, name)
	if err != nil {
		return nil, err
	}
	out.SubjectFromWebIdentityToken, out.Audience, out.Provider = token.Subject, token.Audience[0], arn
	return out, nil
}

// readIdentity checks the request's token by itself and against the account's providers.
func (r *request) readIdentity() (*claims, error) {
	raw := r.str("WebIdentityToken")
	token, err := readToken(raw)
	if err != nil || token.Issuer == "" || token.Subject == "" || len(token.Audience) == 0 {
		return nil, identityError("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	p, ok := r.srv.providers.find(r.srv, r.srv.providerARN(token.Issuer))
	if !ok {
		return nil, identityError("No OpenIDConnect provider found in your account for %s", token.Issuer)
	}
	keys, ok := r.srv.issuers[token.Issuer]
	if !ok {
		return nil, identityError("Couldn't retrieve verification key from your identity provider, please reference " +
			"AssumeRoleWithWebIdentity documentation for requirements")
	}
	if !token.signedBy(keys) {
		return nil, identityError("Provided Token is not signed by a key of its issuer.")
	}
	if now := r.now.Unix(); token.Expires <= now {
		return nil, refuse(http.StatusBadRequest, "ExpiredTokenException",
			"Token expired: current date/time %d must be before the expiration date/time %d", now, token.Expires)
	}
	if !slices.ContainsFunc(token.Audience, func(a string) bool { return slices.Contains(p.clients, a) }) {
		return nil, identityError("Incorrect token audience")
	}
	return token, nil
}

// contextKeys are what a trust policy's conditions may look at.
func (c *claims) contextKeys() contextKeys {
	keys := contextKeys{}
	issuer := strings.TrimPrefix(c.Issuer, "https://")
	keys.set(issuer+":sub", c.Subject)
	keys.set(issuer+":aud", c.Audience...)
	keys.set("aws:SecureTransport", "true")
	return keys
}

// identityError refuses a web identity token.
func identityError(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "InvalidIdentityToken", format, args...)
}
