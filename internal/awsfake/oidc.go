package awsfake

import (
	"net/url"
	"strings"
	"time"
)

// The quotas of identity providers.
const (
	maxProviders   = 100
	maxClientIDs   = 100
	maxThumbprints = 5
)

// provider is an OpenID Connect identity provider.
type provider struct {
	arn, url string // the URL without https://
	created  time.Time
	life     lagging[bool]
	clients  []string
	prints   []string
	tagged
}

func (p *provider) key() string           { return p.arn }
func (p *provider) being() *lagging[bool] { return &p.life }

type newProviderResult struct {
	OpenIDConnectProviderArn string
	Tags                     []tagXML `xml:"Tags>member"`
}

type providerResult struct {
	Url            string //nolint:revive,staticcheck // the name on the wire
	CreateDate     string
	ClientIDList   []string `xml:"ClientIDList>member"`
	ThumbprintList []string `xml:"ThumbprintList>member"`
	Tags           []tagXML `xml:"Tags>member"`
}

type providerList struct {
	OpenIDConnectProviderList []providerXML `xml:"OpenIDConnectProviderList>member"`
}

type providerXML struct{ Arn string }

func providerActions() map[string]action {
	return map[string]action{
		"CreateOpenIDConnectProvider":             {on: onNewProvider, run: createProvider},
		"GetOpenIDConnectProvider":                {on: onProvider, run: getProvider},
		"DeleteOpenIDConnectProvider":             {on: onProvider, run: deleteProvider},
		"ListOpenIDConnectProviders":              {on: onAny, run: listProviders},
		"AddClientIDToOpenIDConnectProvider":      {on: onProvider, run: addClientID},
		"RemoveClientIDFromOpenIDConnectProvider": {on: onProvider, run: removeClientID},
		"UpdateOpenIDConnectProviderThumbprint":   {on: onProvider, run: updateThumbprint},
		"TagOpenIDConnectProvider":                {on: onProvider, run: tagThe(tagsOfProvider)},
		"UntagOpenIDConnectProvider":              {on: onProvider, run: untagThe(tagsOfProvider)},
		"ListOpenIDConnectProviderTags":           {on: onProvider, run: tagsOfThe(tagsOfProvider)},
	}
}

// providerARN is what an issuer's provider is called.
func (s *Server) providerARN(issuer string) string {
	return s.iamARN("oidc-provider/" + strings.TrimPrefix(issuer, "https://"))
}

func (r *request) findProvider() (*provider, error) {
	arn, err := r.arn("OpenIDConnectProviderArn")
	if err != nil {
		return nil, err
	}
	p, ok := r.srv.providers.find(r.srv, arn)
	if !ok {
		return nil, noSuchEntity("OpenIDConnect Provider not found for arn %s", arn)
	}
	return p, nil
}

func tagsOfProvider(r *request) (*tagged, error) {
	p, err := r.findProvider()
	if err != nil {
		return nil, err
	}
	return &p.tagged, nil
}

func createProvider(r *request) (any, error) {
	issuer := r.str("Url")
	if err := checkIssuer(issuer); err != nil {
		return nil, err
	}
	clients, prints := r.list("ClientIDList"), r.list("ThumbprintList")
	if err := checkProvider(clients, prints); err != nil {
		return nil, err
	}
	tags, err := r.tags()
	if err != nil {
		return nil, err
	}
	arn := r.srv.providerARN(issuer)
	if _, taken := r.srv.providers.taken(arn); taken {
		return nil, alreadyExists("Provider with url %s already exists.", issuer)
	}
	if len(r.srv.providers.live) >= maxProviders {
		return nil, limitExceeded("Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d", maxProviders)
	}
	p := &provider{
		arn: arn, url: strings.TrimPrefix(issuer, "https://"), created: r.now, clients: clients, prints: prints,
		tagged: tagged{tags: settled(Tags, tags)},
	}
	r.srv.providers.add(r.srv, p)
	return newProviderResult{arn, tagList(tags)}, nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case issuer == "" || len(issuer) > 255:
		return constraint(issuer, "url", "have length between 1 and 255")
	case err != nil || u.Host == "" || u.Scheme != "https" || u.RawQuery != "" || u.Port() != "":
		return invalidValue("Invalid Open ID Connect Provider URL")
	}
	return nil
}

func getProvider(r *request) (any, error) {
	p, err := r.findProvider()
	if err != nil {
		return nil, err
	}
	return providerResult{p.url, stamp(p.created), p.clients, p.prints, tagList(p.tags.seen(r.srv))}, nil
}

// deleteProvider does not mind that there is none: IAM documents it so.
func deleteProvider(r *request) (any, error) {
	arn, err := r.arn("OpenIDConnectProviderArn")
	if err != nil {
		return nil, err
	}
	if p, ok := r.srv.providers.taken(arn); ok && p.arn == arn {
		r.srv.providers.drop(r.srv, p)
	}
	return nil, nil
}

func listProviders(r *request) (any, error) {
	var out providerList
	for _, p := range r.srv.providers.listed(r.srv) {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, providerXML{p.arn})
	}
	return out, nil
}
