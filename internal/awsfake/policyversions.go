package awsfake

import (
	"fmt"
	"net/http"
	"slices"
)

// maxVersions is how many versions a policy may have.
const maxVersions = 5

type versionXML struct {
	Document         string `xml:",omitempty"`
	VersionId        string //nolint:revive,staticcheck // the name on the wire
	IsDefaultVersion bool
	CreateDate       string
}

type versionResult struct{ PolicyVersion versionXML }

type versionList struct {
	Versions []versionXML `xml:"Versions>member"`
	page
}

func policyVersionActions() map[string]action {
	return map[string]action{
		"CreatePolicyVersion":     {on: onPolicy, run: createPolicyVersion},
		"GetPolicyVersion":        {on: onPolicy, run: getPolicyVersion},
		"ListPolicyVersions":      {on: onPolicy, run: listPolicyVersions},
		"DeletePolicyVersion":     {on: onPolicy, run: deletePolicyVersion},
		"SetDefaultPolicyVersion": {on: onPolicy, run: setDefaultPolicyVersion},
	}
}

// newVersion reads the request's document.
func (r *request) newVersion(n int) (*version, error) {
	text := r.str("PolicyDocument")
	doc, err := readPermissions(text)
	if err != nil {
		return nil, err
	}
	if dense(text) > maxPolicy {
		return nil, limitExceeded("Cannot exceed quota for PolicySize: %d", maxPolicy)
	}
	return &version{id: versionID(n), text: text, doc: doc, created: r.now}, nil
}

func createPolicyVersion(r *request) (any, error) {
	p, err := r.findOwnPolicy()
	if err != nil {
		return nil, err
	}
	v, err := r.newVersion(p.made + 1)
	if err != nil {
		return nil, err
	}
	c := p.content.latest()
	if len(c.versions) >= maxVersions {
		return nil, limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must "+
			"delete an existing version.", maxVersions)
	}
	next := content{append(slices.Clone(c.versions), v), c.standard}
	if r.str("SetAsDefault") == "true" {
		next.standard = v.id
	}
	p.made++
	p.updated = r.now
	p.content.set(r.srv, next)
	return versionResult{v.xml(next)}, nil
}

func getPolicyVersion(r *request) (any, error) {
	p, err := r.findPolicy("PolicyArn")
	if err != nil {
		return nil, err
	}
	c := p.content.seen(r.srv)
	v, err := r.findVersion(p, c)
	if err != nil {
		return nil, err
	}
	x := v.xml(c)
	x.Document = urlEncoded(v.text)
	return versionResult{x}, nil
}

func listPolicyVersions(r *request) (any, error) {
	p, err := r.findPolicy("PolicyArn")
	if err != nil {
		return nil, err
	}
	c := p.content.seen(r.srv)
	var all []versionXML
	for _, v := range c.versions {
		all = append(all, v.xml(c))
	}
	list, pg, err := paginate(r, all, func(v versionXML) string { return padded(v.VersionId) })
	return versionList{list, pg}, err
}

// padded makes v10 sort after v9.
func padded(id string) string { return fmt.Sprintf("%12s", id) }

func deletePolicyVersion(r *request) (any, error) {
	p, v, err := r.findOwnVersion()
	if err != nil {
		return nil, err
	}
	c := p.content.latest()
	if v.id == c.standard {
		return nil, deleteConflict("Cannot delete the default version of a policy.")
	}
	rest := slices.DeleteFunc(slices.Clone(c.versions), func(o *version) bool { return o.id == v.id })
	p.content.set(r.srv, content{rest, c.standard})
	return nil, nil
}

func setDefaultPolicyVersion(r *request) (any, error) {
	p, v, err := r.findOwnVersion()
	if err != nil {
		return nil, err
	}
	p.updated = r.now
	p.content.set(r.srv, content{p.content.latest().versions, v.id})
	return nil, nil
}

func (r *request) findOwnVersion() (*policy, *version, error) {
	p, err := r.findOwnPolicy()
	if err != nil {
		return nil, nil, err
	}
	v, err := r.findVersion(p, p.content.latest())
	return p, v, err
}

func (r *request) findVersion(p *policy, c content) (*version, error) {
	id := r.str("VersionId")
	if !matches(`^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$`, id) {
		return nil, constraint(id, "versionId", `satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)
	}
	i := slices.IndexFunc(c.versions, func(v *version) bool { return v.id == id })
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", p.arn, id)
	}
	return c.versions[i], nil
}

func (v *version) xml(c content) versionXML {
	return versionXML{VersionId: v.id, IsDefaultVersion: v.id == c.standard, CreateDate: stamp(v.created)}
}
