package iamsetup

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"github.com/uc-cdis/gen3-bootstrap/internal/cause"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// Explain says why AWS was not asked, or did not judge what it was asked: sign-in, the way to it, credentials that it does not take.
// ok is false for an answer about the thing itself, such as one that does not exist, and for errors that are not of AWS. The
// message is the error's text with the cause in the place of the SDK's own words.
func (a *AWS) Explain(err error) (c cause.Cause, message string, ok bool) {
	m := a.meet(err)
	if m == nil {
		return cause.Cause{}, "", false
	}
	for _, r := range explanations() {
		if !r.applies(m) {
			continue
		}
		c = r.says(m)
		c.Code = strings.ReplaceAll(r.name, " ", "-")
		message = strings.Replace(err.Error(), m.words, c.Text, 1)
		for _, op := range operations(err) { // further ones keep their own words
			message = strings.ReplaceAll(message, op.Error(), said(op))
		}
		return c, message, true
	}
	return cause.Cause{}, "", false
}

// met is a failure as the explanations look at it.
type met struct {
	err     error
	words   string       // the SDK's part of the error's text
	signIn  *signInError // no credentials came about; nil: there were some
	service string       // that was asked last, be it for credentials
	call    string       // the operation
	code    string       // of its answer; "" for none
	message string
	status  int // of an HTTP answer; 0: none
	profile config.SharedConfig
	source  origin // of the credentials
	region  string
	others  []string // services that did answer
}

func (a *AWS) meet(err error) *met {
	ops := operations(err)
	if len(ops) == 0 {
		return nil
	}
	m := &met{err: ops[0], words: ops[0].Error()}
	if a != nil {
		m.region = a.config.Region
		if by, ok := a.config.Credentials.(*signIn); ok {
			m.profile, m.source = by.profile, originOf(by)
		}
	}
	if e, ok := errors.AsType[*signInError](m.err); ok {
		m.signIn = e
	}
	last := ops[0]
	for inner := operations(last.Err); len(inner) > 0; inner = operations(last.Err) {
		last = inner[0]
	}
	m.service, m.call = last.Service(), last.Operation()
	if m.signIn != nil && m.call == "AssumeRole" && m.profile.SourceProfileName != "" {
		m.source = origin{profile: m.profile.SourceProfileName, words: "from profile " + m.profile.SourceProfileName}
	}
	if m.signIn != nil && last == ops[0] {
		m.service, m.call = "", ""
	}
	if api, ok := errors.AsType[smithy.APIError](m.err); ok {
		m.code, m.message = api.ErrorCode(), printable.Line(api.ErrorMessage())
	}
	if answer, ok := errors.AsType[*awshttp.ResponseError](m.err); ok {
		m.status = answer.HTTPStatusCode()
	}
	if a != nil && a.answered != nil {
		m.others = a.answered.except(m.service)
	}
	return m
}

// explanation is one row of the table.
type explanation struct {
	name    string // with hyphens the code in a result
	applies func(*met) bool
	says    func(*met) cause.Cause
}

// explanations are in the order in which they are tried: what is known for sure first, what only remains last.
func explanations() []explanation {
	return append(append(append(signInExplanations(), deniedExplanation()), answerExplanations()...), explanation{
		name:    "transport",
		applies: func(m *met) bool { kind, _ := cause.Transport(m.err); return kind != cause.Other },
		says:    (*met).unreachable,
	}, explanation{
		name:    "endpoint that is no URL",
		applies: func(m *met) bool { return strings.Contains(m.err.Error(), "unsupported protocol scheme") },
		says: func(m *met) cause.Cause {
			return cause.Cause{Text: "the endpoint of " + m.service + " is not a URL", Cures: []string{"correct AWS_ENDPOINT_URL, or endpoint_url in the profile: it begins with https://"}}
		},
	}, explanation{
		name:    "sign-in of another kind",
		applies: func(m *met) bool { return m.signIn != nil },
		says: func(m *met) cause.Cause {
			return cause.Cause{Text: "no credentials: " + printable.Line(m.signIn.Error()), Cures: []string{"`" + m.asks("sts", "get-caller-identity") + "` shows whether the aws command can sign in"}}
		},
	})
}

// unreachable says that a service does not answer, and which others do.
func (m *met) unreachable() cause.Cause {
	kind, text := cause.Transport(m.err)
	who := cmp.Or(map[string]string{"ec2imds": "the instance metadata service", "SSO": "IAM Identity Center", "SSO OIDC": "IAM Identity Center"}[m.service], m.service, "AWS")
	out := cause.Cause{Text: who + " cannot be reached: " + text}
	if len(m.others) > 0 {
		out.Text += " (" + strings.Join(m.others, ", ") + " answered)"
	}
	switch kind {
	case cause.NoName:
		out.Cures = []string{"check --region " + m.region + " (`aws ec2 describe-regions --all-regions` lists them), the name server, and whether this network may reach AWS"}
	case cause.Proxy:
		out.Cures = []string{"check HTTPS_PROXY and NO_PROXY, and that the proxy lets you reach *.amazonaws.com"}
	case cause.Untrusted, cause.WrongName, cause.TLSRefused:
		out.Cures = []string{"something between here and AWS, such as an inspecting proxy, answers with a certificate of its own: set AWS_CA_BUNDLE to the file of its certificate authority"}
	case cause.OutOfDate:
		out.Cures = []string{"check this machine's clock; if it is right, something between here and AWS answers with a certificate that is out of date"}
	case cause.NotTLS, cause.Other, cause.NameServer, cause.Refused, cause.NoRoute, cause.TimedOut, cause.Reset:
		out.Cures = []string{"check network, VPN and firewall; where only a proxy leads out, set HTTPS_PROXY"}
	}
	return out
}

// answerExplanations are for what a service of AWS answers about the caller, and for answers that are not AWS's.
func answerExplanations() []explanation {
	coded := func(codes ...string) func(*met) bool {
		return func(m *met) bool { return slices.Contains(codes, m.code) }
	}
	clock := func(m *met) bool {
		return coded("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture")(m) ||
			coded("SignatureDoesNotMatch", "InvalidSignatureException")(m) && (strings.Contains(m.message, "expired") || strings.Contains(m.message, "not yet current"))
	}
	return []explanation{
		{"clock", clock, func(m *met) cause.Cause {
			return cause.Cause{Text: m.service + " refuses the time of this machine: " + m.message, Cures: []string{"set the machine's clock, such as with `sudo timedatectl set-ntp true`"}}
		}},
		{"expired", coded("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), func(m *met) cause.Cause {
			return cause.Cause{Text: "the credentials have expired (" + m.source.words + ")", Cures: m.renew()}
		}},
		{"a session that one service does not take", func(m *met) bool {
			return coded("InvalidClientTokenId", "UnrecognizedClientException")(m) && len(m.others) > 0
		}, func(m *met) cause.Cause {
			return cause.Cause{
				Text: fmt.Sprintf("%s does not take the credentials that %s took", m.service, strings.Join(m.others, " and ")),
				Cures: []string{
					"credentials of GetSessionToken may call IAM only when they were got with an MFA code: `aws sts get-session-token --serial-number ARN --token-code CODE`",
					"credentials of GetFederationToken may not call IAM at all: use a role",
				},
			}
		}},
		{"unknown credentials", coded("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"), func(m *met) cause.Cause {
			return cause.Cause{Text: m.service + " does not know the credentials (" + m.source.words + ")", Cures: []string{
				"the access key may have been deleted or deactivated, be of another partition than --region " + m.region + ", or the region may not be switched on in the account",
				"`aws configure list` shows which credentials are found, `" + m.asks("sts", "get-caller-identity") + "` whether they work",
			}}
		}},
		{"wrong secret", coded("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"), func(m *met) cause.Cause {
			return cause.Cause{Text: "the secret access key does not belong to the access key id (" + m.source.words + ")", Cures: []string{
				"set both anew, without blanks around them; a session token needs the pair that it came with",
			}}
		}},
		{"region is not switched on", coded("RegionDisabledException", "OptInRequired"), func(m *met) cause.Cause {
			return cause.Cause{Text: "region " + m.region + " is not switched on in this account", Cures: []string{
				"`aws account enable-region --region-name " + m.region + "` switches it on (it takes minutes); or choose another --region",
			}}
		}},
		{"throttled", coded("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDownException"), func(m *met) cause.Cause {
			return cause.Cause{Text: m.service + " limits the rate of calls of this account, and did not let this one through", Cures: []string{"try again in a minute"}}
		}},
		{"not AWS", func(m *met) bool { return m.status != 0 && notAnAnswer(m) }, func(m *met) cause.Cause {
			return cause.Cause{
				Text:  fmt.Sprintf("what answered in the place of %s is not AWS: HTTP status %d %s without an error of AWS's", m.service, m.status, http.StatusText(m.status)),
				Cures: []string{"a proxy or a sign-in page of the network stands between: check HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL"},
			}
		}},
		{"AWS fails", func(m *met) bool { return m.status >= http.StatusInternalServerError }, func(m *met) cause.Cause {
			return cause.Cause{Text: fmt.Sprintf("%s failed (HTTP status %d): %s", m.service, m.status, strings.TrimSuffix(m.code+": "+m.message, ": ")), Cures: []string{"try again in a minute; https://health.aws.amazon.com tells of outages"}}
		}},
	}
}

// notAnAnswer reports that an HTTP answer has no error in AWS's form.
func notAnAnswer(m *met) bool {
	var unread *smithy.DeserializationError
	return errors.As(m.err, &unread) || m.code == "" || m.code == "UnknownError"
}

// brief is what went wrong without what it was part of.
func (m *met) brief() string {
	if kind, text := cause.Transport(m.err); kind != cause.Other {
		return text
	}
	if m.status != 0 {
		return fmt.Sprintf("HTTP status %d %s", m.status, http.StatusText(m.status))
	}
	return printable.Line(innermost(m.signIn.err).Error())
}

// asks is a command for the same profile.
func (m *met) asks(words ...string) string {
	return m.source.command(words...)
}
