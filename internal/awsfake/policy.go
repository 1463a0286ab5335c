package awsfake

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// policy is a managed policy: the account's own, or AWS's.
type policy struct {
	name, path, id, arn, note string
	created, updated          time.Time
	life                      lagging[bool]
	content                   lagging[content]
	made                      int // versions ever
	tagged
}

func (p *policy) key() string           { return p.name }
func (p *policy) being() *lagging[bool] { return &p.life }

// content is a policy's versions. It is replaced, never changed.
type content struct {
	versions []*version
	standard string // the default version's id
}

// version is one text that a policy has or had.
type version struct {
	id, text string
	doc      *document
	created  time.Time
}

// findPolicy finds the managed policy whose ARN the request names.
func (r *request) findPolicy(field string) (*policy, error) {
	arn, err := r.arn(field)
	if err != nil {
		return nil, err
	}
	p, ok := r.srv.policyByARN(arn)
	if !ok || !p.life.seen(r.srv) {
		return nil, noSuchEntity("Policy %s does not exist or is not attachable.", arn)
	}
	return p, nil
}

// findOwnPolicy is findPolicy for what changes it.
func (r *request) findOwnPolicy() (*policy, error) {
	p, err := r.findPolicy("PolicyArn")
	if err == nil && r.srv.managed[p.arn] != nil {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Policy is outside your own account.")
	}
	return p, err
}

// policyByARN finds a policy, whether or not it is seen yet.
func (s *Server) policyByARN(arn string) (*policy, bool) {
	if p, ok := s.managed[arn]; ok {
		return p, true
	}
	p, ok := s.policies.taken(lastPart(arn))
	return p, ok && p.arn == arn
}

// usesOf counts the identities that have a policy attached, and those that have it as their boundary.
func (s *Server) usesOf(arn string) (attached, bounding int) {
	for _, i := range s.identities() {
		if slices.Contains(i.attached.latest(), arn) {
			attached++
		}
		if i.boundary == arn {
			bounding++
		}
	}
	return attached, bounding
}

// identities are all users, groups and roles.
func (s *Server) identities() []*identity {
	var list []*identity
	for _, u := range s.users.all() {
		list = append(list, &u.identity)
	}
	for _, g := range s.groups.all() {
		list = append(list, &g.identity)
	}
	for _, r := range s.roles.all() {
		list = append(list, &r.identity)
	}
	return list
}

// document is what the policy says, as the rest of AWS sees it.
func (p *policy) document(s *Server) *document {
	c := p.content.seen(s)
	for _, v := range c.versions {
		if v.id == c.standard {
			return v.doc
		}
	}
	return &document{}
}

func versionID(n int) string { return "v" + strconv.Itoa(n) }
