package awsfake

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The functions below put things into the account behind the callers' back: seen at once, not recorded, and judged as
// strictly as the calls are. A name may have its path in front, as in "/gen3/external-secrets".

// AddUser makes a user and returns its ARN.
func (s *Server) AddUser(name string, tags map[string]string) (string, error) {
	out, err := s.seed(createUser, named("UserName", name), tags)
	if err != nil {
		return "", err
	}
	return out.(userResult).User.Arn, nil
}

// AddKey mints a key for a user and returns its id.
func (s *Server) AddKey(user string) (string, error) {
	out, err := s.seed(createAccessKey, url.Values{"UserName": {user}}, nil)
	if err != nil {
		return "", err
	}
	return out.(accessKeyResult).AccessKey.AccessKeyId, nil
}

// AddPolicy makes a managed policy and returns its ARN.
func (s *Server) AddPolicy(name, document string, tags map[string]string) (string, error) {
	form := named("PolicyName", name)
	form.Set("PolicyDocument", document)
	out, err := s.seed(createPolicy, form, tags)
	if err != nil {
		return "", err
	}
	return out.(policyResult).Policy.Arn, nil
}

// AddRole makes a role and returns its ARN.
func (s *Server) AddRole(name, trust string, tags map[string]string) (string, error) {
	form := named("RoleName", name)
	form.Set("AssumeRolePolicyDocument", trust)
	out, err := s.seed(createRole, form, tags)
	if err != nil {
		return "", err
	}
	return out.(roleResult).Role.Arn, nil
}

// AddOIDCProvider makes an identity provider and returns its ARN.
func (s *Server) AddOIDCProvider(issuer string, clientIDs []string, tags map[string]string) (string, error) {
	form := url.Values{"Url": {issuer}}
	for i, id := range clientIDs {
		form.Set("ClientIDList.member."+strconv.Itoa(i+1), id)
	}
	out, err := s.seed(createProvider, form, tags)
	if err != nil {
		return "", err
	}
	return out.(newProviderResult).OpenIDConnectProviderArn, nil
}

// Attach attaches a managed policy to a user or role, both named by ARN.
func (s *Server) Attach(principalARN, policyARN string) error {
	find := func(r *request) (*identity, error) {
		if who, ok := r.srv.identityOf(principalARN); ok {
			return who, nil
		}
		return nil, noSuchEntity("%s cannot be found.", principalARN)
	}
	_, err := s.seed(attachTo(find), url.Values{"PolicyArn": {policyARN}}, nil)
	return err
}

// AddSecret makes a secret with a string value and returns its ARN. The KMS key is the account's default unless an ARN
// or id is given.
func (s *Server) AddSecret(region, name, value, kmsKey string, tags map[string]string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.seedRequest()
	r.sig.region = region
	r.in = secretInput{Name: name, SecretString: &value, KmsKeyID: kmsKey}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		r.in.Tags = append(r.in.Tags, tagXML{k, tags[k]})
	}
	out, err := createSecret(r)
	if err != nil {
		return "", err
	}
	return out.(secretChanged).ARN, nil
}

// named splits a name that has its path in front.
func named(field, name string) url.Values {
	base := lastPart(name)
	form := url.Values{field: {base}}
	if path := strings.TrimSuffix(name, base); path != "" {
		form.Set("Path", path)
	}
	return form
}

// seed runs an action as the admin, with its effect seen at once.
func (s *Server) seed(run func(*request) (any, error), form url.Values, tags map[string]string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeding = true
	defer func() { s.seeding = false }()
	for i, k := range slices.Sorted(maps.Keys(tags)) {
		form.Set("Tags.member."+strconv.Itoa(i+1)+".Key", k)
		form.Set("Tags.member."+strconv.Itoa(i+1)+".Value", tags[k])
	}
	r := s.seedRequest()
	r.form = form
	return run(r)
}

func (s *Server) seedRequest() *request {
	who := principal{arn: s.admin.arn, userID: s.admin.id, name: s.admin.name, admin: true, who: &s.admin.identity}
	return &request{srv: s, call: &Call{}, who: who, now: s.now()}
}
