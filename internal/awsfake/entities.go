package awsfake

import "slices"

type entitiesList struct {
	PolicyGroups []entityXML `xml:"PolicyGroups>member"`
	PolicyUsers  []entityXML `xml:"PolicyUsers>member"`
	PolicyRoles  []entityXML `xml:"PolicyRoles>member"`
	page
}

//nolint:revive,staticcheck // the names on the wire
type entityXML struct {
	GroupName string `xml:",omitempty"`
	GroupId   string `xml:",omitempty"`
	UserName  string `xml:",omitempty"`
	UserId    string `xml:",omitempty"`
	RoleName  string `xml:",omitempty"`
	RoleId    string `xml:",omitempty"`
}

func listEntitiesForPolicy(r *request) (any, error) {
	p, err := r.findPolicy("PolicyArn")
	if err != nil {
		return nil, err
	}
	var all []*identity
	for _, i := range r.srv.identities() {
		if slices.Contains(i.attached.seen(r.srv), p.arn) {
			all = append(all, i)
		}
	}
	part, pg, err := paginate(r, all, func(i *identity) string { return i.arn })
	out := entitiesList{page: pg}
	for _, i := range part {
		out.add(i)
	}
	return out, err
}

func (l *entitiesList) add(i *identity) {
	switch i.kind {
	case "group":
		l.PolicyGroups = append(l.PolicyGroups, entityXML{GroupName: i.name, GroupId: i.id})
	case "role":
		l.PolicyRoles = append(l.PolicyRoles, entityXML{RoleName: i.name, RoleId: i.id})
	default:
		l.PolicyUsers = append(l.PolicyUsers, entityXML{UserName: i.name, UserId: i.id})
	}
}
