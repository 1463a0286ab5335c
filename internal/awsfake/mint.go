package awsfake

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
)

// mint makes what must be unique and yet come out the same in every run: the n-th of its kind does not depend on what
// else was made meanwhile.
type mint struct {
	seed   uint64
	halves string // what secret halves are made from beside the seed
	made   map[string]int
}

func newMint(seed uint64, halves string) *mint {
	return &mint{seed: seed, halves: halves, made: map[string]int{}}
}

// next returns 32 bytes that only this kind's next one has.
func (m *mint) next(kind string) [sha256.Size]byte {
	m.made[kind]++
	return sha256.Sum256(fmt.Appendf(nil, "%d/%s/%d", m.seed, kind, m.made[kind]))
}

// id returns the unique id of an entity, 21 characters as AWS's: AIDA…EXAMPLE.
func (m *mint) id(prefix string) string { return prefix + m.letters(prefix, 10) + "EXAMPLE" }

// keyID returns an access key id of the 20 characters that AWS's have: AKIA…EXAMPLE.
func (m *mint) keyID(prefix string) string { return prefix + m.letters(prefix, 9) + "EXAMPLE" }

func (m *mint) letters(kind string, n int) string {
	sum := m.next(kind)
	return base32.StdEncoding.EncodeToString(sum[:])[:n]
}

// secret returns the secret half of a key: 40 characters that end in EXAMPLEKEY.
func (m *mint) secret() string {
	sum := m.next("secret" + m.halves)
	return base64.RawStdEncoding.EncodeToString(sum[:])[:30] + "EXAMPLEKEY"
}

// sessionToken returns a session token, as recognisable as a secret.
func (m *mint) sessionToken() string {
	a, b := m.next("token"), m.next("token")
	return "FwoGZXIvYXdzEXAMPLETOKEN" + base64.StdEncoding.EncodeToString(append(a[:], b[:]...))
}

// suffix returns the six characters at the end of a secret's ARN.
func (m *mint) suffix() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	sum := m.next("suffix")
	out := make([]byte, 6)
	for i := range out {
		out[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(out)
}

// uuid returns a request id or the id of a secret's version.
func (m *mint) uuid(kind string) string {
	u := m.next(kind)
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

// coin tosses one.
func (m *mint) coin() bool {
	sum := m.next("coin")
	return sum[0]&1 == 1
}
