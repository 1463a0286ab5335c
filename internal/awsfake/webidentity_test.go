package awsfake_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

const (
	issuer  = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
	subject = "system:serviceaccount:gen3:secret-store-sa"
)

// cluster signs tokens as an API server does.
type cluster struct{ key *rsa.PrivateKey }

func (c cluster) jwks() []byte {
	n, e := c.key.N.Bytes(), big.NewInt(int64(c.key.E)).Bytes()
	return fmt.Appendf(nil, `{"keys":[{"kty":"RSA","kid":"1","alg":"RS256","use":"sig","n":%q,"e":%q}]}`, b64(n), b64(e))
}

func (c cluster) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed := b64([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(signed))
	return signed + "." + b64(must[[]byte](t)(rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, sum[:])))
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// irsaTrust is what the irsa-role step writes.
func irsaTrust(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":
		"arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":` + condition + `}]}`
}

const bothKeys = `{"StringEquals":{"oidc.eks.us-east-1.amazonaws.com/id/ABC:aud":"sts.amazonaws.com",
	"oidc.eks.us-east-1.amazonaws.com/id/ABC:sub":["system:serviceaccount:other:x","` + subject + `"]}}`

func TestWebIdentity(t *testing.T) {
	ours, foreign := cluster{must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))}, cluster{must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))}
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	good := map[string]any{"iss": issuer, "sub": subject, "aud": []string{"sts.amazonaws.com"}, "exp": in(time.Hour)}
	but := func(k string, v any) map[string]any {
		c := map[string]any{k: v}
		for name, value := range good {
			if name != k {
				c[name] = value
			}
		}
		return c
	}
	const like = `{"StringLike":{"oidc.eks.us-east-1.amazonaws.com/id/ABC:sub":"system:serviceaccount:*:secret-store-sa"},
		"ForAnyValue:StringEquals":{"oidc.eks.us-east-1.amazonaws.com/id/ABC:aud":"sts.amazonaws.com"}}`
	tests := map[string]struct {
		trust, token, role, want string
	}{
		"right":              {bothKeys, ours.token(t, good), "irsa", ""},
		"aud is a string":    {bothKeys, ours.token(t, but("aud", "sts.amazonaws.com")), "irsa", ""},
		"pattern":            {like, ours.token(t, good), "irsa", ""},
		"other account":      {bothKeys, ours.token(t, but("sub", "system:serviceaccount:gen3:default")), "irsa", "AccessDenied"},
		"other namespace":    {bothKeys, ours.token(t, but("sub", "system:serviceaccount:gen4:secret-store-sa")), "irsa", "AccessDenied"},
		"no such role":       {bothKeys, ours.token(t, good), "none", "AccessDenied"},
		"other aud":          {bothKeys, ours.token(t, but("aud", "vault")), "irsa", "InvalidIdentityToken"},
		"aud only in IAM":    {bothKeys, ours.token(t, but("aud", "also-known")), "irsa", "AccessDenied"},
		"expired":            {bothKeys, ours.token(t, but("exp", in(-time.Minute))), "irsa", "ExpiredTokenException"},
		"other signer":       {bothKeys, foreign.token(t, good), "irsa", "InvalidIdentityToken"},
		"no such provider":   {bothKeys, ours.token(t, but("iss", issuer+"D")), "irsa", "InvalidIdentityToken"},
		"keys not published": {bothKeys, ours.token(t, but("iss", "https://quiet.example.com")), "irsa", "InvalidIdentityToken"},
		"not a token":        {bothKeys, "a.b.c", "irsa", "InvalidIdentityToken"},
		"tampered":           {bothKeys, strings.Replace(ours.token(t, good), ".", ".eyJpc3MiOiJ4In0", 1), "irsa", "InvalidIdentityToken"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.Start(t)
			for _, url := range []string{issuer, "https://quiet.example.com"} {
				must[string](t)(srv.AddOIDCProvider(url, []string{"sts.amazonaws.com", "also-known"}, nil))
			}
			must[string](t)(srv.AddRole("irsa", irsaTrust(tt.trust), nil))
			if err := srv.SetJWKS(issuer, ours.jwks()); err != nil {
				t.Fatal(err)
			}
			_, err := assume(t, srv, tt.role, tt.token)
			wantCode(t, err, tt.want)
		})
	}
}

func assume(t *testing.T, srv *awsfake.Server, role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	t.Helper()
	c := sts.New(sts.Options{BaseEndpoint: aws.String(srv.URL()), Region: region, Retryer: aws.NopRetryer{}})
	return c.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/" + role), RoleSessionName: aws.String("test"), WebIdentityToken: &token,
	})
}

// TestSessionsAreCredentials follows the temporary credentials to their end.
func TestSessionsAreCredentials(t *testing.T) {
	ours := cluster{must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))}
	srv := awsfake.Start(t)
	must[string](t)(srv.AddOIDCProvider(issuer, []string{"sts.amazonaws.com"}, nil))
	role := must[string](t)(srv.AddRole("irsa", irsaTrust(bothKeys), nil))
	policy := must[string](t)(srv.AddPolicy("p", readSecrets, nil))
	must[string](t)(srv.AddSecret(region, "fence-config", "x", "", nil))
	wantCode(t, srv.Attach(role, policy), "")
	wantCode(t, srv.SetJWKS(issuer, ours.jwks()), "")
	out := must[*sts.AssumeRoleWithWebIdentityOutput](t)(assume(t, srv, "irsa", ours.token(t, map[string]any{
		"iss": issuer, "sub": subject, "aud": "sts.amazonaws.com", "exp": time.Now().Add(time.Hour).Unix(),
	})))
	keys := out.Credentials
	c := as(srv, *keys.AccessKeyId, *keys.SecretAccessKey, *keys.SessionToken)
	who := must[*sts.GetCallerIdentityOutput](t)(c.sts.GetCallerIdentity(t.Context(), nil))
	if *who.Arn != "arn:aws:sts::123456789012:assumed-role/irsa/test" || *out.SubjectFromWebIdentityToken != subject {
		t.Errorf("caller %s, subject %s", *who.Arn, *out.SubjectFromWebIdentityToken)
	}
	wantCode(t, read(t, c, "fence-config"), "")
	wantCode(t, read(t, as(srv, *keys.AccessKeyId, *keys.SecretAccessKey, ""), "fence-config"), "UnrecognizedClientException")
	srv.ExpireCredentials(*keys.AccessKeyId)
	wantCode(t, read(t, c, "fence-config"), "ExpiredTokenException")
}

func TestES256TokensToo(t *testing.T) {
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	point := must[[]byte](t)(key.PublicKey.Bytes())
	srv := awsfake.Start(t)
	must[string](t)(srv.AddOIDCProvider(issuer, []string{"sts.amazonaws.com"}, nil))
	must[string](t)(srv.AddRole("irsa", irsaTrust(bothKeys), nil))
	wantCode(t, srv.SetJWKS(issuer, fmt.Appendf(nil, `{"keys":[{"kty":"EC","crv":"P-256","x":%q,"y":%q}]}`, b64(point[1:33]), b64(point[33:]))), "")
	body := fmt.Appendf(nil, `{"iss":%q,"sub":%q,"aud":"sts.amazonaws.com","exp":%d}`, issuer, subject, time.Now().Add(time.Hour).Unix())
	signed := b64([]byte(`{"alg":"ES256"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	wantCode(t, err, "")
	sig := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	_, err = assume(t, srv, "irsa", signed+"."+b64(sig))
	wantCode(t, err, "")
}
