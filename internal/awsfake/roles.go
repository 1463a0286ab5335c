package awsfake

import "strings"

// maxRoleNote is how long a role's description may be.
const maxRoleNote = 1000

// role is an IAM role.
type role struct {
	identity
	trust   lagging[trust]
	note    string
	session int // the longest session, in seconds
	used    *usage
}

type roleXML struct {
	Path                     string
	RoleName                 string
	RoleId                   string //nolint:revive,staticcheck // the name on the wire
	Arn                      string
	CreateDate               string
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	PermissionsBoundary      *boundaryXML
	Tags                     []tagXML     `xml:"Tags>member"`
	RoleLastUsed             *roleUsedXML `xml:",omitempty"`
}

type roleUsedXML struct {
	LastUsedDate string `xml:",omitempty"`
	Region       string `xml:",omitempty"`
}

type roleResult struct{ Role roleXML }

type roleList struct {
	Roles []roleXML `xml:"Roles>member"`
	page
}

func roleActions() map[string]action {
	return map[string]action{
		"CreateRole":                  {on: onRole, run: createRole},
		"GetRole":                     {on: onRole, run: getRole},
		"UpdateRole":                  {on: onRole, run: updateRole},
		"UpdateAssumeRolePolicy":      {on: onRole, run: updateAssumeRolePolicy},
		"DeleteRole":                  {on: onRole, run: deleteRole},
		"ListRoles":                   {on: onAny, run: listRoles},
		"TagRole":                     {on: onRole, run: tagThe(tagsOfRole)},
		"UntagRole":                   {on: onRole, run: untagThe(tagsOfRole)},
		"ListRoleTags":                {on: onRole, run: tagsOfThe(tagsOfRole)},
		"ListInstanceProfilesForRole": {on: onRole, run: listNoProfiles},

		"AttachRolePolicy":         {on: onRole, run: attachTo(theRole)},
		"DetachRolePolicy":         {on: onRole, run: detachFrom(theRole)},
		"ListAttachedRolePolicies": {on: onRole, run: attachedTo(theRole)},
		"PutRolePolicy":            {on: onRole, run: putInline(theRole)},
		"GetRolePolicy":            {on: onRole, run: getInline(theRole)},
		"DeleteRolePolicy":         {on: onRole, run: deleteInline(theRole)},
		"ListRolePolicies":         {on: onRole, run: inlineOf(theRole)},

		"PutRolePermissionsBoundary":    {on: onRole, run: putBoundary(theRole)},
		"DeleteRolePermissionsBoundary": {on: onRole, run: deleteBoundary(theRole)},
	}
}

func (r *request) findRole() (*role, error) {
	name, err := r.name("RoleName", maxNewRole)
	if err != nil {
		return nil, err
	}
	o, ok := r.srv.roles.find(r.srv, name)
	if !ok {
		return nil, noSuchEntity("The role with name %s cannot be found.", name)
	}
	return o, nil
}

func theRole(r *request) (*identity, error) {
	o, err := r.findRole()
	if err != nil {
		return nil, err
	}
	return &o.identity, nil
}

func tagsOfRole(r *request) (*tagged, error) {
	o, err := r.findRole()
	if err != nil {
		return nil, err
	}
	return &o.tagged, nil
}

func createRole(r *request) (any, error) {
	name, err := r.name("RoleName", maxNewRole)
	if err != nil {
		return nil, err
	}
	if _, taken := r.srv.roles.taken(name); taken {
		return nil, alreadyExists("Role with name %s already exists.", name)
	}
	session, err := r.number("MaxSessionDuration", 3600, 3600, 43200)
	if err != nil {
		return nil, err
	}
	if len(r.str("Description")) > maxRoleNote {
		return nil, constraint(r.str("Description"), "description", "have length less than or equal to 1000")
	}
	t, err := r.readTrust("AssumeRolePolicyDocument")
	if err != nil {
		return nil, err
	}
	i, err := r.newIdentity("role", "AROA", name)
	if err != nil {
		return nil, err
	}
	o := &role{identity: i, trust: settled(Documents, t), note: r.str("Description"), session: session}
	r.srv.roles.add(r.srv, o)
	return roleResult{o.xml(t, o.tags.latest())}, nil
}

func getRole(r *request) (any, error) {
	o, err := r.findRole()
	if err != nil {
		return nil, err
	}
	x := o.xml(o.trust.seen(r.srv), o.tags.seen(r.srv))
	x.RoleLastUsed = &roleUsedXML{}
	if o.used != nil {
		x.RoleLastUsed = &roleUsedXML{stamp(o.used.at), o.used.region}
	}
	return roleResult{x}, nil
}

func updateRole(r *request) (any, error) {
	o, err := r.findRole()
	if err != nil {
		return nil, err
	}
	session, err := r.number("MaxSessionDuration", o.session, 3600, 43200)
	if err != nil {
		return nil, err
	}
	o.session = session
	if r.form.Has("Description") {
		o.note = r.str("Description")
	}
	return struct{}{}, nil
}

func deleteRole(r *request) (any, error) {
	o, err := r.findRole()
	if err != nil {
		return nil, err
	}
	if len(o.attached.latest()) > 0 {
		return nil, deleteConflict("Cannot delete entity, must detach all policies first.")
	}
	if len(o.inline) > 0 {
		return nil, deleteConflict("Cannot delete entity, must delete policies first.")
	}
	r.srv.roles.drop(r.srv, o)
	return nil, nil
}

func listRoles(r *request) (any, error) {
	var all []roleXML
	for _, o := range r.srv.roles.listed(r.srv) {
		if strings.HasPrefix(o.path, r.str("PathPrefix")) {
			all = append(all, o.xml(o.trust.seen(r.srv), nil))
		}
	}
	list, p, err := paginate(r, all, func(o roleXML) string { return o.RoleName })
	return roleList{list, p}, err
}

func listNoProfiles(r *request) (any, error) {
	_, err := r.findRole()
	return none{}, err
}

func (o *role) xml(t trust, tags tagSet) roleXML {
	return roleXML{
		Path: o.path, RoleName: o.name, RoleId: o.id, Arn: o.arn, CreateDate: stamp(o.created),
		AssumeRolePolicyDocument: urlEncoded(t.text), Description: o.note, MaxSessionDuration: o.session,
		PermissionsBoundary: o.boundaryXML(), Tags: tagList(tags),
	}
}
