package awsfake

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Snapshot is all that the account has, as flat text for comparing before with after: what is there, not what calls
// see of it, and without times and use. Unique ids are in it, so that a thing made again differs. The admin and AWS's own
// policies are not.
//
// Keys are such as "user/es", "user/es/tag/owner", "user/es/attached/<arn>", "user/es/key/<id>", "policy/<arn>",
// "policy/<arn>/version/v1", "role/x/trust", "provider/<arn>", "secret/<region>/<name>".
func (s *Server) Snapshot() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := dump{}
	for _, i := range s.identities() {
		if i != &s.admin.identity {
			out.identity(i)
		}
	}
	for _, u := range s.users.all() {
		if u != s.admin {
			out.user(s, u)
		}
	}
	for _, p := range s.policies.all() {
		out.policy(p)
	}
	for _, r := range s.roles.all() {
		out["role/"+r.name+"/trust"] = r.trust.latest().text
		out["role/"+r.name+"/session"] = r.note + " " + strconv.Itoa(r.session)
	}
	for _, p := range s.providers.all() {
		out["provider/"+p.arn] = "clients=" + strings.Join(p.clients, ",") + " thumbprints=" + strings.Join(p.prints, ",")
		out.tags("provider/"+p.arn, p.tags.latest())
	}
	out.secrets(s)
	return out
}

// dump is a snapshot in the making.
type dump map[string]string

func (d dump) identity(i *identity) {
	at := i.kind + "/" + i.name
	d[at] = i.arn + " " + i.id
	if i.boundary != "" {
		d[at+"/boundary"] = i.boundary
	}
	for _, arn := range i.attached.latest() {
		d[at+"/attached/"+arn] = ""
	}
	for name, text := range i.inline {
		d[at+"/inline/"+name] = text
	}
	d.tags(at, i.tags.latest())
}

func (d dump) user(s *Server, u *user) {
	at := "user/" + u.name
	for _, k := range s.keysOf(u) {
		d[at+"/key/"+k.id] = k.status
	}
	for _, g := range u.groups {
		d[at+"/group/"+g] = ""
	}
	for _, m := range s.mfaOf(u) {
		d[at+"/mfa/"+m.SerialNumber] = ""
	}
	if u.login != "" {
		d[at+"/login"] = ""
	}
}

func (d dump) policy(p *policy) {
	at := "policy/" + p.arn
	c := p.content.latest()
	d[at] = p.id + " " + c.standard + " " + p.note
	for _, v := range c.versions {
		d[at+"/version/"+v.id] = v.text
	}
	d.tags(at, p.tags.latest())
}

func (d dump) tags(at string, tags tagSet) {
	for k, v := range tags {
		d[at+"/tag/"+k] = v
	}
}

func (d dump) secrets(s *Server) {
	for region, v := range s.vaults {
		for name, x := range v {
			at := "secret/" + region + "/" + name
			d[at] = x.arn + " " + x.key
			for _, id := range slices.Sorted(maps.Keys(x.versions)) {
				d[at+"/version/"+id] = strings.Join(x.versions[id].stages, ",")
			}
			if !x.deleted.IsZero() {
				d[at+"/deleted"] = ""
			}
			d.tags(at, x.tags)
		}
	}
}
