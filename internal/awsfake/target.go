package awsfake

import "strings"

// The functions here find what permission is asked on. What does not exist is asked for under the ARN it would have.

func onAny(*request) target { return target{arn: "*"} }

// onUser is the named user, or without a name the caller.
func onUser(r *request) target {
	name := r.str("UserName")
	if name == "" && r.who.who != nil {
		name = r.who.name
	}
	if u, ok := r.srv.users.taken(name); ok {
		return target{arn: u.arn, tags: u.tags.seen(r.srv)}
	}
	return target{arn: r.srv.iamARN("user" + r.pathOr() + name)}
}

func onGroup(r *request) target {
	name := r.str("GroupName")
	if g, ok := r.srv.groups.taken(name); ok {
		return target{arn: g.arn}
	}
	return target{arn: r.srv.iamARN("group" + r.pathOr() + name)}
}

func onRole(r *request) target {
	name := r.str("RoleName")
	if g, ok := r.srv.roles.taken(name); ok {
		return target{arn: g.arn, tags: g.tags.seen(r.srv)}
	}
	return target{arn: r.srv.iamARN("role" + r.pathOr() + name)}
}

func onNewPolicy(r *request) target {
	return target{arn: r.srv.iamARN("policy" + r.pathOr() + r.str("PolicyName"))}
}

func onPolicy(r *request) target {
	arn := r.str("PolicyArn")
	if p, ok := r.srv.policyByARN(arn); ok {
		return target{arn: arn, tags: p.tags.seen(r.srv)}
	}
	return target{arn: arn}
}

func onNewProvider(r *request) target {
	return target{arn: r.srv.providerARN(r.str("Url"))}
}

func onProvider(r *request) target {
	arn := r.str("OpenIDConnectProviderArn")
	if p, ok := r.srv.providers.taken(arn); ok {
		return target{arn: arn, tags: p.tags.seen(r.srv)}
	}
	return target{arn: arn}
}

// onKeyOwner is the user whose key the request names.
func onKeyOwner(r *request) target {
	if k, ok := r.srv.keys.taken(r.str("AccessKeyId")); ok {
		return target{arn: k.user.arn, tags: k.user.tags.seen(r.srv)}
	}
	return target{arn: "*"}
}

func (r *request) pathOr() string {
	if p := r.str("Path"); p != "" {
		return p
	}
	return "/"
}

// contextKeys are what the conditions of policies may look at in this request.
func (r *request) contextKeys(t target) contextKeys {
	keys := r.srv.principalKeys(r.who)
	keys.set("aws:RequestedRegion", r.sig.region)
	for k, v := range t.tags {
		keys.set("aws:ResourceTag/"+k, v)
		keys.set(r.call.Service+":ResourceTag/"+k, v)
	}
	var names []string
	for k, v := range r.requestTags() {
		keys.set("aws:RequestTag/"+k, v)
		names = append(names, k)
	}
	if names = append(names, r.untagged()...); len(names) > 0 {
		keys.set("aws:TagKeys", names...)
	}
	r.addParameters(keys, t)
	return keys
}

// addParameters adds the keys that stand for the request's own parameters.
func (r *request) addParameters(keys contextKeys, t target) {
	for key, value := range map[string]string{
		"iam:PermissionsBoundary": r.str("PermissionsBoundary"), "iam:PolicyARN": r.str("PolicyArn"),
		"secretsmanager:Name": r.in.Name, "secretsmanager:SecretId": t.arn, "secretsmanager:KmsKeyId": r.in.KmsKeyID,
	} {
		service, _, _ := strings.Cut(key, ":")
		if value != "" && service == r.call.Service {
			keys.set(key, value)
		}
	}
}

// requestTags are the tags that the request gives, unchecked.
func (r *request) requestTags() tagSet {
	if r.json() {
		return r.in.tags()
	}
	set, _ := r.tags() // a wrong tag is said when the action runs
	return set
}

func (r *request) untagged() []string {
	if r.json() {
		return r.in.TagKeys
	}
	return r.list("TagKeys")
}

// principalKeys are the keys that stand for the caller.
func (s *Server) principalKeys(p principal) contextKeys {
	keys := contextKeys{}
	keys.set("aws:PrincipalArn", p.arn)
	keys.set("aws:PrincipalAccount", s.account)
	keys.set("aws:userid", p.userID)
	keys.set("aws:SecureTransport", "true") // plain HTTP stands for the service's TLS
	if p.who == nil {
		return keys
	}
	if p.who.kind == "user" {
		keys.set("aws:username", p.name)
	}
	for k, v := range p.who.tags.seen(s) {
		keys.set("aws:PrincipalTag/"+k, v)
	}
	return keys
}
