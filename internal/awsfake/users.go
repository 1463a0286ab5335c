package awsfake

import "strings"

// user is an IAM user.
type user struct {
	identity
	login string // when the console password was set, or empty
}

type userXML struct {
	Path                string
	UserName            string
	UserId              string //nolint:revive,staticcheck // the name on the wire
	Arn                 string
	CreateDate          string
	PermissionsBoundary *boundaryXML
	Tags                []tagXML `xml:"Tags>member"`
}

type boundaryXML struct {
	PermissionsBoundaryType string
	PermissionsBoundaryArn  string
}

type userResult struct{ User userXML }

type userList struct {
	Users []userXML `xml:"Users>member"`
	page
}

func userActions() map[string]action {
	return map[string]action{
		"CreateUser":   {on: onUser, run: createUser},
		"GetUser":      {on: onUser, run: getUser},
		"DeleteUser":   {on: onUser, run: deleteUser},
		"ListUsers":    {on: onAny, run: listUsers},
		"TagUser":      {on: onUser, run: tagThe(tagsOfUser)},
		"UntagUser":    {on: onUser, run: untagThe(tagsOfUser)},
		"ListUserTags": {on: onUser, run: tagsOfThe(tagsOfUser)},

		"AttachUserPolicy":         {on: onUser, run: attachTo(theUser)},
		"DetachUserPolicy":         {on: onUser, run: detachFrom(theUser)},
		"ListAttachedUserPolicies": {on: onUser, run: attachedTo(theUser)},
		"PutUserPolicy":            {on: onUser, run: putInline(theUser)},
		"GetUserPolicy":            {on: onUser, run: getInline(theUser)},
		"DeleteUserPolicy":         {on: onUser, run: deleteInline(theUser)},
		"ListUserPolicies":         {on: onUser, run: inlineOf(theUser)},

		"PutUserPermissionsBoundary":    {on: onUser, run: putBoundary(theUser)},
		"DeleteUserPermissionsBoundary": {on: onUser, run: deleteBoundary(theUser)},
	}
}

// findUser finds the user that the request names.
func (r *request) findUser() (*user, error) {
	name, err := r.name("UserName", maxName)
	if err != nil {
		return nil, err
	}
	u, ok := r.srv.users.find(r.srv, name)
	if !ok {
		return nil, noSuchEntity("The user with name %s cannot be found.", name)
	}
	return u, nil
}

// findUserOrCaller is findUser for the actions that without a name are about the caller.
func (r *request) findUserOrCaller() (*user, error) {
	if r.str("UserName") != "" {
		return r.findUser()
	}
	if r.who.who != nil && r.who.who.kind == "user" {
		if u, ok := r.srv.users.taken(r.who.name); ok {
			return u, nil
		}
	}
	return nil, invalidValue("Must specify userName when calling with non-User credentials")
}

func theUser(r *request) (*identity, error) {
	u, err := r.findUser()
	if err != nil {
		return nil, err
	}
	return &u.identity, nil
}

func tagsOfUser(r *request) (*tagged, error) {
	u, err := r.findUser()
	if err != nil {
		return nil, err
	}
	return &u.tagged, nil
}

func createUser(r *request) (any, error) {
	name, err := r.name("UserName", maxNewUser)
	if err != nil {
		return nil, err
	}
	if _, taken := r.srv.users.taken(name); taken {
		return nil, alreadyExists("User with name %s already exists.", name)
	}
	i, err := r.newIdentity("user", "AIDA", name)
	if err != nil {
		return nil, err
	}
	u := &user{identity: i}
	r.srv.users.add(r.srv, u)
	return userResult{u.xml(u.tags.latest())}, nil
}

func getUser(r *request) (any, error) {
	u, err := r.findUserOrCaller()
	if err != nil {
		return nil, err
	}
	return userResult{u.xml(u.tags.seen(r.srv))}, nil
}

func listUsers(r *request) (any, error) {
	var all []userXML
	for _, u := range r.srv.users.listed(r.srv) {
		if strings.HasPrefix(u.path, r.str("PathPrefix")) {
			all = append(all, u.xml(nil))
		}
	}
	list, p, err := paginate(r, all, func(u userXML) string { return u.UserName })
	return userList{list, p}, err
}

func deleteUser(r *request) (any, error) {
	u, err := r.findUser()
	if err != nil {
		return nil, err
	}
	if err := r.srv.checkUnused(u); err != nil {
		return nil, err
	}
	r.srv.users.drop(r.srv, u)
	return nil, nil
}

// checkUnused names the first thing that keeps a user from being deleted.
func (s *Server) checkUnused(u *user) error {
	switch {
	case len(s.keysOf(u)) > 0:
		return deleteConflict("Cannot delete entity, must delete access keys first.")
	case len(u.attached.latest()) > 0:
		return deleteConflict("Cannot delete entity, must detach all policies first.")
	case len(u.inline) > 0:
		return deleteConflict("Cannot delete entity, must delete policies first.")
	case len(u.groups) > 0:
		return deleteConflict("Cannot delete entity, must remove users from group first.")
	case u.login != "":
		return deleteConflict("Cannot delete entity, must delete login profile first.")
	case len(s.mfaOf(u)) > 0:
		return deleteConflict("Cannot delete entity, must delete MFA device first.")
	}
	return nil
}

func (u *user) xml(tags tagSet) userXML {
	return userXML{
		Path: u.path, UserName: u.name, UserId: u.id, Arn: u.arn, CreateDate: stamp(u.created),
		PermissionsBoundary: u.boundaryXML(), Tags: tagList(tags),
	}
}

func (i *identity) boundaryXML() *boundaryXML {
	if i.boundary == "" {
		return nil
	}
	return &boundaryXML{"Policy", i.boundary}
}
