// Package storedrelease opens what Helm keeps of a release in a Secret. Whoever may write Secrets can write such a one, so
// that nothing in it is believed to be of a reasonable size.
package storedrelease

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
)

// SecretType is the type of the Secrets in which Helm keeps releases.
const SecretType corev1.SecretType = "helm.sh/release.v1"

// Entry is what the release is called in such a Secret.
const Entry = "release"

// Limit is how many bytes a release may have unpacked: a Secret holds 1 MiB, which is some 8 MiB of charts and manifests.
// maxParts bounds the elements of its lists and objects, each of which costs a decoder some hundred bytes.
const (
	Limit    = 32 << 20
	maxParts = 1 << 19
)

// ErrTooLarge is returned for a release that unfolds to more than Limit, or to more parts than any chart has.
var ErrTooLarge = fmt.Errorf("unpacks to more than %d MiB, or to more than %d parts", Limit>>20, maxParts)

// Unpack undoes Helm's encoding of a release: base64 of gzip, or in its early versions of plain JSON. It returns JSON as
// far as the encoding tells, ErrTooLarge, or how the encoding is broken.
func Unpack(stored []byte) ([]byte, error) {
	packed, err := base64.StdEncoding.AppendDecode(nil, stored)
	if err != nil {
		return nil, errors.New("not base64")
	}
	if !bytes.HasPrefix(packed, []byte{0x1f, 0x8b}) {
		return bounded(packed)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("not gzip: %w", err)
	}
	out := bytes.Buffer{}
	out.Grow(min(12*len(packed), Limit) + bytes.MinRead) // what charts come to, so that it is not copied as it grows
	n, err := out.ReadFrom(io.LimitReader(r, Limit+1))
	switch {
	case n > Limit:
		return nil, ErrTooLarge
	case err != nil:
		return nil, fmt.Errorf("not gzip: %w", err)
	}
	return bounded(out.Bytes())
}

// bounded counts commas, those in texts too: JSON has one between any two parts.
func bounded(plain []byte) ([]byte, error) {
	if bytes.Count(plain, []byte(",")) > maxParts {
		return nil, ErrTooLarge
	}
	return plain, nil
}

// Search tells which of the texts a stored release has in it, and how many bytes it looked through, without unpacking all of it
// at a time. Errors are ErrTooLarge, and how the encoding is broken; what was found until then is returned with them.
func Search(stored []byte, texts []string) (found map[string]bool, total int, err error) {
	found = map[string]bool{}
	packed := bufio.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(stored)))
	var plain io.Reader = packed
	if magic, _ := packed.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(packed)
		if err != nil {
			return found, 0, fmt.Errorf("not gzip: %w", err)
		}
		plain = r
	}
	overlap := 0
	for _, text := range texts {
		overlap = max(overlap, len(text))
	}
	window := make([]byte, overlap, overlap+1<<16)
	for {
		n, err := plain.Read(window[overlap:cap(window)])
		seen := window[:overlap+n]
		for _, text := range texts {
			found[text] = found[text] || bytes.Contains(seen, []byte(text))
		}
		copy(window, seen[n:])
		switch total += n; {
		case errors.Is(err, io.EOF):
			return found, total, nil
		case err != nil:
			return found, total, fmt.Errorf("not a stored release: %w", err)
		case total > Limit:
			return found, total, ErrTooLarge
		}
	}
}
