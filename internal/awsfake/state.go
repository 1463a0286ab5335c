package awsfake

import "time"

// state is what the account has.
type state struct {
	users     *registry[*user]
	groups    *registry[*group]
	roles     *registry[*role]
	policies  *registry[*policy]   // the account's own, by name
	managed   map[string]*policy   // AWS's, by ARN
	providers *registry[*provider] // by ARN
	keys      *registry[*accessKey]
	mfa       map[string]*mfaDevice // by serial number
	sessions  map[string]*session   // by key id
	issuers   map[string][]jwk      // by issuer URL
	vaults    map[string]vault      // of secrets, by region
	minted    []string              // secret halves and session tokens
	admin     *user
}

func newState(s *Server) state {
	st := state{
		users: newRegistry[*user](), groups: newRegistry[*group](), roles: newRegistry[*role](),
		policies: newRegistry[*policy](), managed: map[string]*policy{}, providers: newRegistry[*provider](),
		keys: newRegistry[*accessKey](), mfa: map[string]*mfaDevice{}, sessions: map[string]*session{},
		issuers: map[string][]jwk{}, vaults: map[string]vault{},
	}
	for _, p := range awsPolicies(s) {
		st.managed[p.arn] = p
	}
	st.admin = &user{identity: identity{
		kind: "user", name: "admin", path: "/", id: "AIDACKCEVSQ6C2EXAMPLE", arn: s.iamARN("user/admin"), created: s.now(),
		tagged: tagged{tags: lags[tagSet](Tags), fold: true}, attached: lags[[]string](Attachments), inline: map[string]string{},
	}}
	s.seeding = true
	st.users.add(s, st.admin)
	key := &accessKey{id: AdminKeyID, secret: AdminSecret, user: st.admin, status: active, created: s.now()}
	key.usable.set(s, true)
	st.keys.add(s, key)
	s.seeding = false
	return st
}

// usage is when and where a key, or a role, was last used.
type usage struct {
	at              time.Time
	service, region string
}

// identity is what users, groups and roles have in common.
type identity struct {
	kind                string // user, group or role
	name, path, id, arn string
	created             time.Time
	life                lagging[bool]
	tagged
	attached lagging[[]string] // ARNs of managed policies
	inline   map[string]string // policies by name
	groups   []string          // of a user
	boundary string            // ARN of a managed policy, or empty
}

func (i *identity) key() string           { return i.name }
func (i *identity) being() *lagging[bool] { return &i.life }

// newIdentity makes an identity as a Create call describes it.
func (r *request) newIdentity(kind, idPrefix string, name string) (identity, error) {
	p, err := r.path()
	if err != nil {
		return identity{}, err
	}
	tags, err := r.tags()
	if err != nil {
		return identity{}, err
	}
	boundary := r.str("PermissionsBoundary")
	if err := r.checkBoundary(boundary); err != nil {
		return identity{}, err
	}
	return identity{
		kind: kind, name: name, path: p, id: r.srv.mint.id(idPrefix), arn: r.srv.iamARN(kind + p + name), created: r.now,
		tagged:   tagged{tags: settled(Tags, tags), fold: true},
		attached: lags[[]string](Attachments), inline: map[string]string{}, boundary: boundary,
	}, nil
}

// checkBoundary refuses a boundary that is not there.
func (r *request) checkBoundary(arn string) error {
	if arn == "" {
		return nil
	}
	if _, err := r.findPolicy("PermissionsBoundary"); err != nil {
		return noSuchEntity("Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return nil
}

// identityOf finds a user or role by its ARN, whether or not it is seen yet.
func (s *Server) identityOf(arn string) (*identity, bool) {
	for _, u := range s.users.all() {
		if u.arn == arn {
			return &u.identity, true
		}
	}
	for _, r := range s.roles.all() {
		if r.arn == arn {
			return &r.identity, true
		}
	}
	return nil, false
}

// hasARN reports whether a trust policy may name the ARN of this account.
func (s *Server) hasARN(arn string) bool {
	_, ok := s.identityOf(arn)
	return ok
}
