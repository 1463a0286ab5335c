package awsfake

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// principal is who calls.
type principal struct {
	arn    string
	userID string
	name   string    // of the user, or of the role
	admin  bool      // may do all that Deny does not name
	who    *identity // nil for the admin
}

// target is what an action is asked on.
type target struct {
	arn  string
	tags tagSet
	name string // of a secret
	// policy is the resource's own, and asked what a refusal calls it where that is not its ARN.
	policy resourcePolicy
	asked  string
}

// denial is one call of Deny.
type denial struct{ patterns []string }

// Deny makes the admin, too, be refused the actions, such as "iam:GetUser" or "iam:List*", until the returned func is
// called: what an operator with partial permissions meets.
func (s *Server) Deny(actions ...string) (allow func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &denial{actions}
	s.denied = append(s.denied, d)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.denied = slices.DeleteFunc(s.denied, func(o *denial) bool { return o == d })
	}
}

// Allowed reports what the policies of a user or role, boundary included, say of an action on a resource. Context keys
// such as aws:ResourceTag/managed-by are given by the caller; those of the principal and the region are added.
func (s *Server) Allowed(principalARN, action, resource string, context map[string][]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.identityOf(principalARN)
	if !ok {
		return false
	}
	keys := s.principalKeys(principal{arn: who.arn, userID: who.id, name: who.name, who: who})
	for k, v := range context {
		keys.set(k, v...)
	}
	v, _ := s.judge(who, access{action: action, resource: resource, keys: keys})
	return v == allowed
}

// authorize refuses what the caller may not do. To create something with tags is also to tag it.
func (s *Server) authorize(r *request, t target) error {
	a := access{action: r.call.Service + ":" + r.call.Action, resource: t.arn, keys: r.contextKeys(t), policy: t.policy, asked: t.asked}
	if err := s.permit(r, a); err != nil {
		return err
	}
	what, creates := strings.CutPrefix(r.call.Action, "Create")
	if !creates || len(r.requestTags()) == 0 {
		return nil
	}
	if r.json() {
		what = "Resource"
	}
	a.action = r.call.Service + ":Tag" + what
	return s.permit(r, a)
}

// permit judges one access of the caller, by his policies and by the resource's own. The admin is refused by an explicit Deny alone.
func (s *Server) permit(r *request, a access) error {
	refused := func(why string) error { return r.accessDenied(a.action, cmp.Or(a.asked, a.resource), why) }
	if r.who.admin && s.denies(a.action) {
		return refused("with an explicit deny in a service control policy")
	}
	if !s.enforce {
		return nil
	}
	own := a.policy.speaksOf(r, a)
	if own == forbidden {
		return refused("with an explicit deny in a resource-based policy")
	}
	if r.who.admin {
		return nil
	}
	v, whose := s.judge(r.who.who, a)
	switch {
	case v == forbidden:
		return refused("with an explicit deny in " + whose)
	case v == allowed, own == allowed:
		return nil
	}
	return refused("because no " + strings.TrimPrefix(strings.TrimPrefix(whose, "an "), "a ") + " allows the " + a.action + " action")
}

func (s *Server) denies(action string) bool {
	for _, d := range s.denied {
		for _, p := range d.patterns {
			if glob(strings.ToLower(p), strings.ToLower(action)) {
				return true
			}
		}
	}
	return false
}

// The policies that refusals name.
const (
	identityBased = "an identity-based policy"
	boundary      = "a permissions boundary"
)

// judge weighs an identity's policies, and its boundary, which allows nothing by itself. It says which of both decided.
func (s *Server) judge(who *identity, a access) (v verdict, whose string) {
	v = judge(s.known(s.documentsOf(who)), a)
	if who.boundary == "" || v == forbidden {
		return v, identityBased
	}
	limit := silent
	if p, ok := s.policyByARN(who.boundary); ok {
		limit = judge(s.known([]*document{p.document(s)}), a)
	}
	if limit == forbidden || v == allowed && limit == silent {
		return limit, boundary
	}
	return v, identityBased
}

// known makes what cannot be evaluated fail the test, rather than come out as a denial.
func (s *Server) known(docs []*document) []*document {
	for _, d := range docs {
		s.journal.unknown = append(s.journal.unknown, d.unevaluated()...)
	}
	return docs
}

// documentsOf are all policies that speak for an identity: attached, inline, and those of its groups.
func (s *Server) documentsOf(who *identity) []*document {
	var docs []*document
	for _, arn := range who.attached.seen(s) {
		if p, ok := s.policyByARN(arn); ok {
			docs = append(docs, p.document(s))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(who.inline)) {
		if d, err := readDocument(who.inline[name]); err == nil {
			docs = append(docs, d)
		}
	}
	for _, g := range who.groups {
		if group, ok := s.groups.taken(g); ok {
			docs = append(docs, s.documentsOf(&group.identity)...)
		}
	}
	return docs
}
