package awsfake

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

// jwk is one public key of an issuer.
type jwk struct {
	id  string
	key crypto.PublicKey
}

// claims are what a token says, with what proves it.
type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  int64    `json:"exp"`

	header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	signed    string
	signature []byte
}

// audience is one text or a list of them.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(raw []byte) error {
	list, ok := oneOrMore[string](raw)
	if !ok {
		return errors.New("read aud: neither a string nor a list of them")
	}
	*a = list
	return nil
}

// readToken takes a JWT apart without believing it.
func readToken(raw string) (*claims, error) {
	part := strings.Split(raw, ".")
	if len(part) != 3 {
		return nil, errors.New("read token: not three parts")
	}
	c := &claims{signed: part[0] + "." + part[1]}
	if err := errors.Join(readPart(part[0], &c.header), readPart(part[1], c)); err != nil {
		return nil, err
	}
	var err error
	c.signature, err = base64.RawURLEncoding.DecodeString(part[2])
	return c, err
}

func readPart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// signedBy reports whether one of the keys made the token.
func (c *claims) signedBy(keys []jwk) bool {
	sum := sha256.Sum256([]byte(c.signed))
	for _, k := range keys {
		if c.header.KeyID != "" && k.id != "" && k.id != c.header.KeyID {
			continue
		}
		switch key := k.key.(type) {
		case *rsa.PublicKey:
			if c.header.Algorithm == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], c.signature) == nil {
				return true
			}
		case *ecdsa.PublicKey:
			if c.header.Algorithm == "ES256" && verifyES256(key, sum[:], c.signature) {
				return true
			}
		}
	}
	return false
}

func verifyES256(key *ecdsa.PublicKey, sum, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(key, sum, r, s)
}

// readJWKS reads the keys of the kinds that STS takes: RSA, and EC on P-256. Others are passed over.
func readJWKS(raw []byte) ([]jwk, error) {
	var set struct {
		Keys []struct {
			Type  string `json:"kty"`
			ID    string `json:"kid"`
			Curve string `json:"crv"`
			N     number `json:"n"`
			E     number `json:"e"`
			X     number `json:"x"`
			Y     number `json:"y"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, err
	}
	var keys []jwk
	for _, k := range set.Keys {
		switch {
		case k.Type == "RSA" && k.N.Int != nil && k.E.Int != nil:
			keys = append(keys, jwk{k.ID, &rsa.PublicKey{N: k.N.Int, E: int(k.E.Int64())}})
		case k.Type == "EC" && k.Curve == "P-256" && k.X.Int != nil && k.Y.Int != nil:
			if key, err := ecPoint(k.X.Int, k.Y.Int); err == nil {
				keys = append(keys, jwk{k.ID, key})
			}
		}
	}
	return keys, nil
}

// ecPoint makes a public key of a point on P-256, whose uncompressed form is 4 and both coordinates in 32 bytes each.
func ecPoint(x, y *big.Int) (*ecdsa.PublicKey, error) {
	if x.BitLen() > 256 || y.BitLen() > 256 {
		return nil, errors.New("the point is not on P-256")
	}
	point := append([]byte{4}, x.FillBytes(make([]byte, 32))...)
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(point, y.FillBytes(make([]byte, 32))...))
}

// number is a JWK's base64url integer.
type number struct{ *big.Int }

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return err
	}
	n.Int = new(big.Int).SetBytes(b)
	return nil
}
