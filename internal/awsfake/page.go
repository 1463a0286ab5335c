package awsfake

import (
	"encoding/base64"
	"slices"
	"strings"
)

// page is how a Query list says that there is more.
type page struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// paginate returns the part of a list that the request asks for. A marker names the last entry given, so that what
// comes and goes between two pages skips nothing else.
func paginate[E any](r *request, list []E, key func(E) string) ([]E, page, error) {
	limit, err := r.number("MaxItems", 100, 1, 1000)
	if err != nil {
		return nil, page{}, err
	}
	part, next, ok := pageOf(list, key, r.str("Marker"), min(limit, r.srv.pageSize))
	if !ok {
		return nil, page{}, invalidValue("Invalid Marker.")
	}
	return part, page{IsTruncated: next != "", Marker: next}, nil
}

// pageOf cuts a page out of a list, and returns the marker of the next.
func pageOf[E any](list []E, key func(E) string, marker string, size int) (part []E, next string, ok bool) {
	after, err := base64.StdEncoding.DecodeString(marker)
	if err != nil {
		return nil, "", false
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b E) int { return strings.Compare(key(a), key(b)) })
	if marker != "" {
		list = slices.DeleteFunc(list, func(e E) bool { return key(e) <= string(after) })
	}
	if len(list) <= size {
		return list, "", true
	}
	return list[:size], base64.StdEncoding.EncodeToString([]byte(key(list[size-1]))), true
}
