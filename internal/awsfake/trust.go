package awsfake

import "strings"

// trust is a role's trust policy.
type trust struct {
	text string
	doc  *document
}

// readTrust reads a trust policy from the request.
func (r *request) readTrust(field string) (trust, error) {
	text := r.str(field)
	doc, err := r.srv.readTrust(text)
	if err != nil {
		return trust{}, err
	}
	if dense(text) > r.srv.trusting {
		return trust{}, limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", r.srv.trusting)
	}
	return trust{text, doc}, nil
}

func updateAssumeRolePolicy(r *request) (any, error) {
	o, err := r.findRole()
	if err != nil {
		return nil, err
	}
	t, err := r.readTrust("PolicyDocument")
	if err != nil {
		return nil, err
	}
	o.trust.set(r.srv, t)
	return nil, nil
}

// readTrust reads a role's trust policy.
func (s *Server) readTrust(text string) (*document, error) {
	doc, err := readDocument(text)
	if err != nil {
		return nil, err
	}
	for _, st := range doc.statements {
		if st.resources != nil || st.notResources != nil {
			return nil, malformedPolicy("Has prohibited field Resource")
		}
		if len(st.principals) == 0 {
			return nil, malformedPolicy("Missing required field Principal")
		}
		if st.actions == nil {
			return nil, malformedPolicy("Missing required field Action")
		}
		for _, a := range st.actions {
			if !glob("sts:*", strings.ToLower(a)) {
				return nil, malformedPolicy("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
		if err := s.checkPrincipals(st.principals); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func (s *Server) checkPrincipals(principals map[string][]string) error {
	for kind, list := range principals {
		for _, p := range list {
			if !s.isPrincipal(kind, p) {
				return malformedPolicy("Invalid principal in policy: \"%s\":\"%s\"", strings.ToUpper(kind), p)
			}
		}
	}
	return nil
}

// isPrincipal judges a trust policy's principal. Those of this account must exist, but for identity providers, whose
// absence shows when a token comes.
func (s *Server) isPrincipal(kind, p string) bool {
	arn := "^arn:" + s.partition
	switch kind {
	case "Service":
		return strings.HasSuffix(p, ".amazonaws.com") || strings.HasSuffix(p, "."+s.dnsSuffix())
	case "Federated":
		return matches(arn+`:iam::\d{12}:(oidc|saml)-provider/.+$`, p) || !strings.HasPrefix(p, "arn:") && matches(`^[\w.-]+\.com$`, p)
	case "AWS":
		if own, ok := strings.CutPrefix(p, s.iamARN("")); ok && own != "root" {
			return s.hasARN(p)
		}
		return p == "*" || matches(`^\d{12}$`, p) || matches(arn+`:(iam|sts)::\d{12}:.+$`, p)
	default:
		return false
	}
}

// trusts is a trust policy's verdict on a principal that the func knows.
func (d *document) trusts(a access, is func(kind, p string) bool) verdict {
	v := silent
	for i := range d.statements {
		st := &d.statements[i]
		if !st.coversAction(a.action) || !st.names(is) || !st.holds(a.keys) {
			continue
		}
		if !st.allow {
			return forbidden
		}
		v = allowed
	}
	return v
}

func (st *statement) names(is func(kind, p string) bool) bool {
	for kind, list := range st.principals {
		for _, p := range list {
			if is(kind, p) {
				return true
			}
		}
	}
	return false
}
