package awsfake

import (
	"strings"
)

// maxSecretPolicy is how many bytes a resource policy may have.
const maxSecretPolicy = 20480

// resourcePolicy is a secret's own policy.
type resourcePolicy struct {
	text string
	doc  *document
}

type secretPolicyJSON struct {
	ARN            string
	Name           string
	ResourcePolicy string `json:",omitempty"`
}

func getResourcePolicy(r *request) (any, error) {
	x, err := r.findSecret(true)
	if err != nil {
		return nil, err
	}
	return secretPolicyJSON{x.arn, x.name, x.policy.text}, nil
}

func putResourcePolicy(r *request) (any, error) {
	x, err := r.findSecret(false)
	if err != nil {
		return nil, err
	}
	if r.in.ResourcePolicy == "" || len(r.in.ResourcePolicy) > maxSecretPolicy {
		return nil, constraintJSON("resourcePolicy", "have length between 1 and 20480")
	}
	doc, err := r.srv.readSecretPolicy(r.in.ResourcePolicy)
	if err != nil {
		return nil, err
	}
	if r.in.BlockPublicPolicy && doc.letsAnybodyIn() {
		return nil, badRequest("PublicPolicyException", "The resource policy cannot be public.")
	}
	x.policy = resourcePolicy{r.in.ResourcePolicy, doc}
	return secretPolicyJSON{ARN: x.arn, Name: x.name}, nil
}

func deleteResourcePolicy(r *request) (any, error) {
	x, err := r.findSecret(false)
	if err != nil {
		return nil, err
	}
	x.policy = resourcePolicy{}
	return secretPolicyJSON{ARN: x.arn, Name: x.name}, nil
}

// readSecretPolicy reads a policy of which every statement has to say whom it is about.
func (s *Server) readSecretPolicy(text string) (*document, error) {
	malformed := badRequest("MalformedPolicyDocumentException", "This resource policy contains invalid Json or syntax.")
	doc, err := readDocument(text)
	if err != nil {
		return nil, malformed
	}
	for _, st := range doc.statements {
		both := st.resources != nil && st.notResources != nil || st.actions != nil && st.notActions != nil
		if both || len(st.principals) == 0 || st.resources == nil && st.notResources == nil || st.actions == nil && st.notActions == nil || st.checkActions() != nil {
			return nil, malformed
		}
		if s.checkPrincipals(st.principals) != nil {
			return nil, badRequest("MalformedPolicyDocumentException", "This resource policy contains an unsupported principal.")
		}
	}
	s.known([]*document{doc})
	return doc, nil
}

// letsAnybodyIn reports an Allow for everybody that no condition narrows.
func (d *document) letsAnybodyIn() bool {
	for i := range d.statements {
		st := &d.statements[i]
		if st.allow && len(st.conditions) == 0 && st.names(func(_, p string) bool { return p == "*" }) {
			return true
		}
	}
	return false
}

// speaksOf is what a secret's policy says of an access of somebody of its account. An Allow for the account itself leaves it to the
// account's own policies (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
func (p resourcePolicy) speaksOf(r *request, a access) verdict {
	if p.doc == nil {
		return silent
	}
	v := silent
	for i := range p.doc.statements {
		st := &p.doc.statements[i]
		if !st.covers(a) || !st.names(func(kind, name string) bool { return kind == "AWS" && r.isNamed(name, !st.allow) }) {
			continue
		}
		if !st.allow {
			return forbidden
		}
		v = allowed
	}
	return v
}

// isNamed reports whether a principal of a policy is the caller; of a Deny also where it is his whole account.
func (r *request) isNamed(principal string, account bool) bool {
	switch {
	case principal == "*" || principal == r.who.arn:
		return true
	case r.who.who != nil && principal == r.who.who.arn:
		return true
	}
	return account && (principal == r.srv.account || strings.HasPrefix(principal, "arn:") && principal == r.srv.iamARN("root"))
}
