package awsfake

import (
	"strconv"
	"strings"
	"unicode"
)

// How long names may be. Calls on what exists are lenient, as IAM's are.
const (
	maxNewUser    = 64
	maxNewRole    = 64
	maxName       = 128
	maxPath       = 512
	maxTagKey     = 128
	maxTagValue   = 256
	maxPolicyNote = 1000
)

// name reads a required name parameter.
func (r *request) name(field string, limit int) (string, error) {
	v := r.str(field)
	label := strings.ToLower(field[:1]) + field[1:]
	switch {
	case v == "":
		return "", constraint(v, label, "not be null and have length greater than or equal to 1")
	case len(v) > limit:
		return "", constraint(v, label, "have length less than or equal to "+strconv.Itoa(limit))
	case strings.ContainsFunc(v, func(c rune) bool { return !isNameRune(c) }):
		return "", constraint(v, label, `satisfy regular expression pattern: [\w+=,.@-]+`)
	}
	return v, nil
}

// isNameRune is [\w+=,.@-].
func isNameRune(c rune) bool {
	return c <= unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("_+=,.@-", c))
}

// path reads the optional path parameter.
func (r *request) path() (string, error) {
	p := r.str("Path")
	if p == "" {
		return "/", nil
	}
	if len(p) > maxPath {
		return "", constraint(p, "path", "have length less than or equal to 512")
	}
	whole := strings.HasPrefix(p, "/") && strings.HasSuffix(p, "/")
	if !whole || strings.ContainsFunc(p, func(c rune) bool { return c < '!' || c > '~' }) {
		return "", invalidValue("The specified value for path is invalid. It must begin and end with / and contain only "+
			"alphanumeric characters and/or / characters: %s", p)
	}
	return p, nil
}

// arn reads a required ARN parameter.
func (r *request) arn(field string) (string, error) {
	v := r.str(field)
	if len(v) < 20 {
		label := strings.ToLower(field[:1]) + field[1:]
		return "", constraint(v, label, "have length greater than or equal to 20")
	}
	if !strings.HasPrefix(v, "arn:") || strings.Count(v, ":") < 5 {
		return "", invalidInput("ARN %s is not valid.", v)
	}
	if !strings.HasPrefix(v, "arn:"+r.srv.partition+":") {
		return "", invalidInput("Partition of ARN %s is not that of this account, %s.", v, r.srv.partition)
	}
	return v, nil
}

// number reads an optional number parameter within bounds.
func (r *request) number(field string, otherwise, low, high int) (int, error) {
	v := r.str(field)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		label := strings.ToLower(field[:1]) + field[1:]
		return 0, constraint(v, label, "have value between "+strconv.Itoa(low)+" and "+strconv.Itoa(high))
	}
	return n, nil
}

// isTagText is [\p{L}\p{Z}\p{N}_.:/=+\-@]*.
func isTagText(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool {
		return !unicode.In(c, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", c)
	})
}
