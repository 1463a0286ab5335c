package awsfake

import (
	"slices"
)

// group is an IAM group.
type group struct{ identity }

type groupXML struct {
	Path       string
	GroupName  string
	GroupId    string //nolint:revive,staticcheck // the name on the wire
	Arn        string
	CreateDate string
}

type groupResult struct{ Group groupXML }

type groupList struct {
	Groups []groupXML `xml:"Groups>member"`
	page
}

func groupActions() map[string]action {
	return map[string]action{
		"CreateGroup":         {on: onGroup, run: createGroup},
		"DeleteGroup":         {on: onGroup, run: deleteGroup},
		"AddUserToGroup":      {on: onGroup, run: addUserToGroup},
		"RemoveUserFromGroup": {on: onGroup, run: removeUserFromGroup},
		"ListGroupsForUser":   {on: onUser, run: listGroupsForUser},

		"AttachGroupPolicy":         {on: onGroup, run: attachTo(theGroup)},
		"DetachGroupPolicy":         {on: onGroup, run: detachFrom(theGroup)},
		"ListAttachedGroupPolicies": {on: onGroup, run: attachedTo(theGroup)},
		"PutGroupPolicy":            {on: onGroup, run: putInline(theGroup)},
		"GetGroupPolicy":            {on: onGroup, run: getInline(theGroup)},
		"DeleteGroupPolicy":         {on: onGroup, run: deleteInline(theGroup)},
		"ListGroupPolicies":         {on: onGroup, run: inlineOf(theGroup)},
	}
}

func (r *request) findGroup() (*group, error) {
	name, err := r.name("GroupName", maxName)
	if err != nil {
		return nil, err
	}
	g, ok := r.srv.groups.find(r.srv, name)
	if !ok {
		return nil, noSuchEntity("The group with name %s cannot be found.", name)
	}
	return g, nil
}

func theGroup(r *request) (*identity, error) {
	g, err := r.findGroup()
	if err != nil {
		return nil, err
	}
	return &g.identity, nil
}

func createGroup(r *request) (any, error) {
	name, err := r.name("GroupName", maxName)
	if err != nil {
		return nil, err
	}
	if _, taken := r.srv.groups.taken(name); taken {
		return nil, alreadyExists("Group with name %s already exists.", name)
	}
	i, err := r.newIdentity("group", "AGPA", name)
	if err != nil {
		return nil, err
	}
	g := &group{i}
	r.srv.groups.add(r.srv, g)
	return groupResult{g.xml()}, nil
}

func deleteGroup(r *request) (any, error) {
	g, err := r.findGroup()
	if err != nil {
		return nil, err
	}
	switch {
	case len(r.srv.membersOf(g.name)) > 0:
		return nil, deleteConflict("Cannot delete entity, must remove users from group first.")
	case len(g.attached.latest()) > 0:
		return nil, deleteConflict("Cannot delete entity, must detach all policies first.")
	case len(g.inline) > 0:
		return nil, deleteConflict("Cannot delete entity, must delete policies first.")
	}
	r.srv.groups.drop(r.srv, g)
	return nil, nil
}

func addUserToGroup(r *request) (any, error) {
	g, u, err := r.findMember()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(u.groups, g.name) {
		u.groups = append(u.groups, g.name)
	}
	return nil, nil
}

func removeUserFromGroup(r *request) (any, error) {
	g, u, err := r.findMember()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(u.groups, g.name) {
		return nil, noSuchEntity("User %s is not in group %s.", u.name, g.name)
	}
	u.groups = slices.DeleteFunc(u.groups, func(n string) bool { return n == g.name })
	return nil, nil
}

func listGroupsForUser(r *request) (any, error) {
	u, err := r.findUser()
	if err != nil {
		return nil, err
	}
	var all []groupXML
	for _, name := range u.groups {
		if g, ok := r.srv.groups.taken(name); ok {
			all = append(all, g.xml())
		}
	}
	list, p, err := paginate(r, all, func(g groupXML) string { return g.GroupName })
	return groupList{list, p}, err
}

func (r *request) findMember() (*group, *user, error) {
	g, err := r.findGroup()
	if err != nil {
		return nil, nil, err
	}
	u, err := r.findUser()
	return g, u, err
}

func (s *Server) membersOf(group string) []string {
	var names []string
	for _, u := range s.users.all() {
		if slices.Contains(u.groups, group) {
			names = append(names, u.name)
		}
	}
	return names
}

func (g *group) xml() groupXML {
	return groupXML{Path: g.path, GroupName: g.name, GroupId: g.id, Arn: g.arn, CreateDate: stamp(g.created)}
}
