package awsfake

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// maxSkew is how far a client's clock may be off.
const maxSkew = 15 * time.Minute

// signature is the Authorization header, taken apart.
type signature struct {
	keyID, date, region, service string
	headers                      []string
	value                        string
}

// parseSignature takes a header apart. Without a header there is no error: some actions are not signed.
func parseSignature(header string) (signature, error) {
	if header == "" {
		return signature{}, nil
	}
	incomplete := refuse(http.StatusForbidden, "IncompleteSignature", "Authorization header is malformed.")
	fields, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !ok {
		return signature{}, incomplete
	}
	part := map[string]string{}
	for field := range strings.SplitSeq(fields, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(field), "=")
		part[k] = v
	}
	scope := strings.Split(part["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" || part["Signature"] == "" {
		return signature{}, incomplete
	}
	return signature{
		keyID: scope[0], date: scope[1], region: scope[2], service: scope[3],
		headers: strings.Split(part["SignedHeaders"], ";"), value: part["Signature"],
	}, nil
}

// authenticate finds out who signed the request.
func (s *Server) authenticate(r *request) error {
	if r.sig.keyID == "" {
		return r.authError("MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	cred, known := s.credentials(r.sig.keyID)
	token := r.http.Header.Get("X-Amz-Security-Token")
	if !known || !s.scoped(r) || subtle.ConstantTimeCompare([]byte(cred.token), []byte(token)) == 0 {
		return r.authError("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	if err := r.checkSignature(cred); err != nil {
		return err
	}
	if !cred.expires.IsZero() && !r.now.Before(cred.expires) {
		return r.authError("ExpiredToken", "The security token included in the request is expired")
	}
	r.who = cred.who
	if cred.key != nil {
		cred.key.used = &usage{at: r.now, service: r.call.Service, region: r.sig.region}
	}
	return nil
}

// scoped reports whether the credential's scope is that of the service, in a region of the partition. IAM and STS are
// asked through whatever region the client is set to, and Secrets Manager in its own.
func (s *Server) scoped(r *request) bool {
	return r.sig.service == r.call.Service && (!r.json() || s.serves(r.sig.region))
}

// checkSignature signs the request again and compares.
func (r *request) checkSignature(cred credential) error {
	at, err := time.Parse("20060102T150405Z", r.http.Header.Get("X-Amz-Date"))
	if err != nil || at.Format("20060102") != r.sig.date {
		return r.authError("IncompleteSignature", "Date must be in ISO-8601 'basic format', and the credential's.")
	}
	if off := r.now.Sub(at).Abs(); r.srv.skew && off > maxSkew {
		return r.authError("SignatureDoesNotMatch", "Signature expired: "+at.Format(time.RFC3339)+" is "+off.String()+
			" off the current time "+r.now.UTC().Format(time.RFC3339))
	}
	want, err := r.resign(cred, at)
	if err != nil || subtle.ConstantTimeCompare([]byte(want.value), []byte(r.sig.value)) == 0 {
		return r.authError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you "+
			"provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return nil
}

// resign signs what the client signed, with the secret that its key id has.
func (r *request) resign(cred credential, at time.Time) (signature, error) {
	again := &http.Request{Method: r.http.Method, URL: r.http.URL, Host: r.http.Host, Header: http.Header{}}
	for _, h := range r.sig.headers {
		switch h {
		case "host":
		case "content-length":
			again.ContentLength = r.http.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(h)] = r.http.Header.Values(h)
		}
	}
	sum := sha256.Sum256(r.body)
	keys := aws.Credentials{AccessKeyID: r.sig.keyID, SecretAccessKey: cred.secret, SessionToken: cred.token}
	signer := v4.NewSigner()
	err := signer.SignHTTP(r.http.Context(), keys, again, hex.EncodeToString(sum[:]), r.sig.service, r.sig.region, at)
	if err != nil {
		return signature{}, err
	}
	return parseSignature(again.Header.Get("Authorization"))
}

// authError refuses the caller, in the words of the service's protocol.
func (r *request) authError(code, message string) error {
	if !r.json() {
		return refuse(http.StatusForbidden, code, "%s", message)
	}
	switch code {
	case "InvalidClientTokenId":
		code = "UnrecognizedClientException"
	case "SignatureDoesNotMatch":
		code = "InvalidSignatureException"
	default:
		code += "Exception"
	}
	return badRequest(code, "%s", message)
}
