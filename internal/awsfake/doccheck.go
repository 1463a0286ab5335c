package awsfake

import (
	"regexp"
	"strings"
	"unicode"
)

// The most non-whitespace characters that documents may have.
const (
	maxPolicy = 6144
	maxTrust  = 2048
	maxInline = 2048
)

// checkSids refuses what IAM refuses of statement ids.
func (d *document) checkSids() error {
	seen := map[string]bool{}
	for _, st := range d.statements {
		if strings.ContainsFunc(st.sid, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			return malformedPolicy("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular " +
				"expression [0-9A-Za-z]*")
		}
		if st.sid != "" && seen[st.sid] {
			return malformedPolicy("Statement IDs (SID) in a single policy must be unique.")
		}
		seen[st.sid] = true
	}
	return nil
}

// readPermissions reads a managed or inline policy.
func readPermissions(text string) (*document, error) {
	doc, err := readDocument(text)
	if err != nil {
		return nil, err
	}
	for _, st := range doc.statements {
		if err := st.checkPermission(); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func (st *statement) checkPermission() error {
	if st.principals != nil {
		return malformedPolicy("Policy document should not specify a principal.")
	}
	if (st.actions == nil) == (st.notActions == nil) {
		return malformedPolicy("Policy statement must contain actions.")
	}
	if (st.resources == nil) == (st.notResources == nil) {
		return malformedPolicy("Policy statement must contain resources.")
	}
	for _, r := range append(st.resources, st.notResources...) {
		if r != "*" && !isARNPattern(r) {
			return malformedPolicy("Resource %s must be in ARN format or \"*\".", r)
		}
	}
	return st.checkActions()
}

func (st *statement) checkActions() error {
	for _, a := range append(st.actions, st.notActions...) {
		service, name, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "" || name == "") {
			return malformedPolicy("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	return nil
}

// isARNPattern reports whether a resource has an ARN's five colons.
func isARNPattern(r string) bool {
	part := strings.SplitN(r, ":", 6)
	return len(part) == 6 && part[0] == "arn" && part[1] != "" && part[2] != "" && part[5] != ""
}

// matches is for patterns that are used too seldom to keep.
func matches(pattern, s string) bool { return regexp.MustCompile(pattern).MatchString(s) }

// dense counts the characters that quotas count.
func dense(text string) int {
	n := 0
	for _, c := range text {
		if !unicode.IsSpace(c) {
			n++
		}
	}
	return n
}
