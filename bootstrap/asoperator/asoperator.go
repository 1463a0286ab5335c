// Package asoperator signs in to AWS as External Secrets Operator does for a namespace: with the access key that the Secrets hold, or with
// the role that the ServiceAccount's token is exchanged for.
package asoperator

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// Principal reads Secrets Manager as the operator; the zero Principal is nobody.
type Principal struct {
	*reading.Reader

	ARN string
}

// KeySecrets are the Secrets that hold the access key in the namespace's mode.
func KeySecrets(t *bootstrap.Target) *kube.KeySecrets {
	s := t.Settings
	var names []string
	if s.UsesKeys() {
		names = s.KeySecretNames()
	}
	if s.UseGlobalUser {
		names = []string{s.GlobalUserSecret}
	}
	return &kube.KeySecrets{Client: t.Kube, Namespace: s.Namespace, Names: names}
}

// KeyIn is the access key that Secrets hold; the zero Key where none does.
func KeyIn(held []credential.Held) credential.Key {
	for _, h := range held {
		if h.Key.ID != "" {
			return h.Key
		}
	}
	return credential.Key{}
}

// WithKey signs in with an access key, and says what STS thinks of it. An error means that STS did not judge it.
func WithKey(ctx context.Context, t *bootstrap.Target, key credential.Key) (Principal, accesskey.Standing, error) {
	standing, err := accesskey.StandingOf(ctx, t.Aws, key)
	if err != nil || standing.ARN == "" {
		return Principal{}, standing, err
	}
	return Principal{reading.WithKey(t.Aws, key), standing.ARN}, standing, nil
}

// Account is the ServiceAccount whose tokens are exchanged; the zero value without a role.
func Account(ctx context.Context, t *bootstrap.Target) (kube.ServiceAccount, error) {
	s := t.Settings
	if !s.IRSA {
		return kube.ServiceAccount{}, nil
	}
	return t.Kube.ServiceAccountRole(ctx, s.Namespace, s.ServiceAccount)
}

// WithRole signs in with a token of that ServiceAccount, and says what STS thinks of it, and whose token it was. An error means that there
// was no token, or that STS did not judge it.
func WithRole(ctx context.Context, t *bootstrap.Target, arn string) (Principal, reading.Session, role.Trusted, error) {
	s := t.Settings
	who := role.Trusted{Subject: role.Subject(s.Namespace, s.ServiceAccount)}
	token, err := t.Kube.Token(ctx, s.Namespace, s.ServiceAccount, oidcprovider.Audience)
	if err != nil {
		return Principal{}, reading.Session{}, who, err
	}
	who.Issuer = issuerOf(token)
	session, err := reading.Assume(ctx, t.Aws, arn, token)
	if err != nil || session.Entry != reading.LetIn {
		return Principal{}, session, who, err
	}
	return Principal{session.As, session.ARN}, session, who, nil
}

// SignIn does what the mode of the namespace asks for. The error names what does not work, and that verify tells why.
func SignIn(ctx context.Context, t *bootstrap.Target) (Principal, error) {
	why := func(format string, args ...any) error {
		return hint.With(fmt.Errorf("sign in as the operator: "+format, args...), t.Settings.LastUp().Command("verify")+" tells what is wrong")
	}
	if !t.Settings.IRSA {
		secrets := KeySecrets(t)
		held, err := secrets.Observe(ctx)
		if err != nil {
			return Principal{}, err
		}
		key := KeyIn(held)
		if key.ID == "" {
			return Principal{}, why("no access key is in Secret %s of namespace %s", strings.Join(secrets.Names, ", "), t.Settings.Namespace)
		}
		by, _, err := WithKey(ctx, t, key)
		if err == nil && by.Reader == nil {
			err = why("AWS does not take access key %s", key.ID)
		}
		return by, err
	}
	account, err := Account(ctx, t)
	if err != nil {
		return Principal{}, err
	}
	if account.RoleARN == "" {
		return Principal{}, why("ServiceAccount %s/%s names no role", t.Settings.Namespace, t.Settings.ServiceAccount)
	}
	by, session, who, err := WithRole(ctx, t, account.RoleARN)
	if err == nil && by.Reader == nil {
		err = why("role %s does not let in %s: %s", account.RoleARN, who.Subject, session.Says)
	}
	return by, err
}

// issuerOf reads who a token says that it is of. Nobody believes it here: AWS checks the token.
func issuerOf(token redact.String) string {
	part := strings.Split(token.Reveal(), ".")
	var claims struct {
		Issuer string `json:"iss"`
	}
	if len(part) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(part[1]); err == nil {
			_ = json.Unmarshal(raw, &claims) // "" says that it is not known
		}
	}
	return claims.Issuer
}
