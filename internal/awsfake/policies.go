package awsfake

import (
	"slices"
	"strings"
)

type policyXML struct {
	PolicyName                    string
	PolicyId                      string //nolint:revive,staticcheck // the name on the wire
	Arn                           string
	Path                          string
	DefaultVersionId              string //nolint:revive,staticcheck // the name on the wire
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    string
	UpdateDate                    string
	Tags                          []tagXML `xml:"Tags>member"`
}

type policyResult struct{ Policy policyXML }

type policyList struct {
	Policies []policyXML `xml:"Policies>member"`
	page
}

func policyActions() map[string]action {
	return map[string]action{
		"CreatePolicy":          {on: onNewPolicy, run: createPolicy},
		"GetPolicy":             {on: onPolicy, run: getPolicy},
		"DeletePolicy":          {on: onPolicy, run: deletePolicy},
		"ListPolicies":          {on: onAny, run: listPolicies},
		"ListEntitiesForPolicy": {on: onPolicy, run: listEntitiesForPolicy},
		"TagPolicy":             {on: onPolicy, run: tagThe(tagsOfPolicy)},
		"UntagPolicy":           {on: onPolicy, run: untagThe(tagsOfPolicy)},
		"ListPolicyTags":        {on: onPolicy, run: tagsOfThe(tagsOfPolicy)},
	}
}

func tagsOfPolicy(r *request) (*tagged, error) {
	p, err := r.findOwnPolicy()
	if err != nil {
		return nil, err
	}
	return &p.tagged, nil
}

func createPolicy(r *request) (any, error) {
	name, err := r.name("PolicyName", maxName)
	if err != nil {
		return nil, err
	}
	path, err := r.path()
	if err != nil {
		return nil, err
	}
	tags, err := r.tags()
	if err != nil {
		return nil, err
	}
	if len(r.str("Description")) > maxPolicyNote {
		return nil, constraint(r.str("Description"), "description", "have length less than or equal to 1000")
	}
	if _, taken := r.srv.policies.taken(name); taken {
		return nil, alreadyExists("A policy called %s already exists. Duplicate names are not allowed.", name)
	}
	first, err := r.newVersion(1)
	if err != nil {
		return nil, err
	}
	p := &policy{
		name: name, path: path, id: r.srv.mint.id("ANPA"), arn: r.srv.iamARN("policy" + path + name),
		note: r.str("Description"), created: r.now, updated: r.now, made: 1,
		content: settled(Documents, content{[]*version{first}, first.id}), tagged: tagged{tags: settled(Tags, tags)},
	}
	r.srv.policies.add(r.srv, p)
	return policyResult{p.xml(r.srv, tags)}, nil
}

func getPolicy(r *request) (any, error) {
	p, err := r.findPolicy("PolicyArn")
	if err != nil {
		return nil, err
	}
	x := p.xml(r.srv, p.tags.seen(r.srv))
	x.Description = p.note
	return policyResult{x}, nil
}

func deletePolicy(r *request) (any, error) {
	p, err := r.findOwnPolicy()
	if err != nil {
		return nil, err
	}
	attached, bounding := r.srv.usesOf(p.arn)
	if attached+bounding > 0 {
		return nil, deleteConflict("Cannot delete a policy attached to entities.")
	}
	if len(p.content.latest().versions) > 1 {
		return nil, deleteConflict("This policy has more than one version. Before you delete a policy, you must delete " +
			"the policy's versions. The default version is deleted with the policy.")
	}
	r.srv.policies.drop(r.srv, p)
	return nil, nil
}

func listPolicies(r *request) (any, error) {
	scope := r.str("Scope")
	var all []policyXML
	if scope != "AWS" {
		for _, p := range r.srv.policies.listed(r.srv) {
			all = append(all, p.xml(r.srv, nil))
		}
	}
	if scope != "Local" {
		for _, p := range r.srv.managed {
			all = append(all, p.xml(r.srv, nil))
		}
	}
	all = slices.DeleteFunc(all, func(p policyXML) bool {
		return !strings.HasPrefix(p.Path, r.str("PathPrefix")) || r.str("OnlyAttached") == "true" && p.AttachmentCount == 0
	})
	list, p, err := paginate(r, all, func(p policyXML) string { return p.Arn })
	return policyList{list, p}, err
}

func (p *policy) xml(s *Server, tags tagSet) policyXML {
	attached, bounding := s.usesOf(p.arn)
	return policyXML{
		PolicyName: p.name, PolicyId: p.id, Arn: p.arn, Path: p.path, DefaultVersionId: p.content.seen(s).standard,
		AttachmentCount: attached, PermissionsBoundaryUsageCount: bounding, IsAttachable: true,
		CreateDate: stamp(p.created), UpdateDate: stamp(p.updated), Tags: tagList(tags),
	}
}
