package awsfake

import (
	"slices"
	"time"
)

// maxKeys is how many access keys a user may have, active or not.
const maxKeys = 2

// What an access key's status may be.
const (
	active   = "Active"
	inactive = "Inactive"
)

// accessKey is one of a user's keys.
type accessKey struct {
	id, secret string
	user       *user
	status     string
	created    time.Time
	life       lagging[bool] // for IAM calls about it
	usable     lagging[bool] // as what signs a call
	used       *usage
	expired    bool // by ExpireCredentials
}

func (k *accessKey) key() string           { return k.id }
func (k *accessKey) being() *lagging[bool] { return &k.life }

type accessKeyXML struct {
	UserName        string
	AccessKeyId     string //nolint:revive,staticcheck // the name on the wire
	Status          string
	SecretAccessKey string `xml:",omitempty"`
	CreateDate      string
}

type accessKeyResult struct{ AccessKey accessKeyXML }

type accessKeyList struct {
	UserName          string
	AccessKeyMetadata []accessKeyXML `xml:"AccessKeyMetadata>member"`
	page
}

type lastUsedResult struct {
	UserName          string
	AccessKeyLastUsed lastUsedXML
}

type lastUsedXML struct {
	LastUsedDate string `xml:",omitempty"`
	ServiceName  string
	Region       string
}

func accessKeyActions() map[string]action {
	return map[string]action{
		"CreateAccessKey":      {on: onUser, run: createAccessKey},
		"ListAccessKeys":       {on: onUser, run: listAccessKeys},
		"UpdateAccessKey":      {on: onUser, run: updateAccessKey},
		"DeleteAccessKey":      {on: onUser, run: deleteAccessKey},
		"GetAccessKeyLastUsed": {on: onKeyOwner, run: getAccessKeyLastUsed},
	}
}

func createAccessKey(r *request) (any, error) {
	u, err := r.findUserOrCaller()
	if err != nil {
		return nil, err
	}
	if len(r.srv.keysOf(u)) >= maxKeys {
		return nil, limitExceeded("Cannot exceed quota for AccessKeysPerUser: %d", maxKeys)
	}
	k := r.srv.mintKey(u)
	x := k.xml()
	x.SecretAccessKey = k.secret
	return accessKeyResult{x}, nil
}

func (s *Server) mintKey(u *user) *accessKey {
	k := &accessKey{
		id: s.mint.keyID("AKIA"), secret: s.mint.secret(), user: u, status: active, created: s.now(),
		life: lags[bool](Keys), usable: lags[bool](Credentials),
	}
	s.minted = append(s.minted, k.secret)
	k.usable.set(s, true)
	s.keys.add(s, k)
	return k
}

func listAccessKeys(r *request) (any, error) {
	u, err := r.findUserOrCaller()
	if err != nil {
		return nil, err
	}
	var all []accessKeyXML
	for _, k := range r.srv.keys.listed(r.srv) {
		if k.user == u {
			all = append(all, k.xml())
		}
	}
	list, p, err := paginate(r, all, func(k accessKeyXML) string { return k.AccessKeyId })
	return accessKeyList{u.name, list, p}, err
}

func updateAccessKey(r *request) (any, error) {
	k, err := r.findKey()
	if err != nil {
		return nil, err
	}
	status := r.str("Status")
	if status != active && status != inactive {
		return nil, constraint(status, "status", "satisfy enum value set: [Active, Inactive, Expired]")
	}
	k.status = status
	return nil, nil
}

func deleteAccessKey(r *request) (any, error) {
	k, err := r.findKey()
	if err != nil {
		return nil, err
	}
	r.srv.keys.drop(r.srv, k)
	return nil, nil
}

// findKey finds the named key of the named user.
func (r *request) findKey() (*accessKey, error) {
	u, err := r.findUserOrCaller()
	if err != nil {
		return nil, err
	}
	id, err := r.name("AccessKeyId", maxName)
	if err != nil {
		return nil, err
	}
	k, ok := r.srv.keys.find(r.srv, id)
	if !ok || k.user != u {
		return nil, noSuchEntity("The Access Key with id %s cannot be found.", id)
	}
	return k, nil
}

func getAccessKeyLastUsed(r *request) (any, error) {
	id := r.str("AccessKeyId")
	k, ok := r.srv.keys.find(r.srv, id)
	if !ok {
		return nil, noSuchEntity("The Access Key with id %s cannot be found.", id)
	}
	used := lastUsedXML{ServiceName: "N/A", Region: "N/A"}
	if k.used != nil {
		used = lastUsedXML{stamp(k.used.at), k.used.service, k.used.region}
	}
	return lastUsedResult{k.user.name, used}, nil
}

// keysOf returns the keys that a user has, oldest first.
func (s *Server) keysOf(u *user) []*accessKey {
	list := slices.DeleteFunc(s.keys.all(), func(k *accessKey) bool { return k.user != u })
	slices.SortStableFunc(list, func(a, b *accessKey) int { return a.created.Compare(b.created) })
	return list
}

func (k *accessKey) xml() accessKeyXML {
	return accessKeyXML{UserName: k.user.name, AccessKeyId: k.id, Status: k.status, CreateDate: stamp(k.created)}
}
