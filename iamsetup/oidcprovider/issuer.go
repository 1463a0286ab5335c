package oidcprovider

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// issuerMax is how long an identity provider's URL may be
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html).
const issuerMax = 255

// CheckIssuer says why AWS could not check the tokens of a cluster with this issuer: it fetches the issuer's keys from
// the internet. The URL alone is judged and nothing is fetched, since the operator's machine may see other networks than
// AWS does.
func CheckIssuer(issuer string) error {
	if why := unreachable(issuer); why != nil {
		return hint.With(fmt.Errorf("the cluster's token issuer %q is of no use to AWS: %w", issuer, why),
			"IRSA needs a cluster whose issuer is a public https URL, as EKS has; without it leave --irsa out, and an access key is made; "+
				"if AWS knows the cluster under another URL, give it with --oidc-issuer")
	}
	return nil
}

func unreachable(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "":
		return errors.New("it is not a URL")
	case u.Scheme != "https":
		return fmt.Errorf("it is %s, and AWS asks by https only", u.Scheme)
	case u.Port() != "":
		return fmt.Errorf("it names port %s, and IAM takes issuers without one", u.Port())
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("IAM takes issuers without user, query and fragment")
	case len(issuer) > issuerMax:
		return fmt.Errorf("it has %d characters, and IAM takes %d", len(issuer), issuerMax)
	}
	return privateHost(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")))
}

func privateHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		if !ip.Unmap().IsGlobalUnicast() || ip.Unmap().IsPrivate() || sharedAddresses().Contains(ip.Unmap()) {
			return fmt.Errorf("%s is an address of a private network", host)
		}
		return nil
	}
	if !strings.Contains(host, ".") {
		return fmt.Errorf("%s is not a public name", host)
	}
	if last := host[strings.LastIndex(host, ".")+1:]; slices.Contains(privateDomains(), last) {
		return fmt.Errorf("names in .%s are not public", last)
	}
	return nil
}

// privateDomains are never in the public DNS: what RFC 6761, 6762 and 8375 reserve, ".internal", which ICANN keeps for
// private use, what Kubernetes gives to Services, and what people use at home.
func privateDomains() []string {
	return []string{"svc", "local", "localhost", "internal", "test", "example", "invalid", "arpa", "lan", "corp", "home", "intranet"}
}

// sharedAddresses are those between a provider and its customers (RFC 6598).
func sharedAddresses() netip.Prefix { return netip.MustParsePrefix("100.64.0.0/10") }
