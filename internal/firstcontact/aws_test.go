package firstcontact

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// contact is one way in which first contact fails.
type contact struct {
	setup   func(*testing.T, *home)
	message []string // parts of the one error
	hint    []string // parts of its cure
}

// ssoProfile signs in with IAM Identity Center; the token is in the cache until a time, or not at all.
func ssoProfile(t *testing.T, h *home, until time.Time, refresh string) {
	t.Helper()
	h.write(t, ".aws/config", "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\nregion = us-east-1\n"+
		"[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n")
	h.set("AWS_PROFILE", "dev")
	if until.IsZero() {
		return
	}
	sum := sha1.Sum([]byte("corp")) // the name of the file, as the aws command makes it
	token := map[string]string{"accessToken": "token", "expiresAt": until.UTC().Format(time.RFC3339), "startUrl": "https://corp.awsapps.com/start", "region": "us-east-1"}
	if refresh != "" {
		token["refreshToken"], token["clientId"], token["clientSecret"] = refresh, "id", "secret"
		token["registrationExpiresAt"] = time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	}
	text, err := json.Marshal(token)
	must(t, err)
	h.write(t, ".aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", string(text))
}

// roleProfile takes a role by way of STS.
func roleProfile(t *testing.T, h *home, more string) {
	t.Helper()
	h.write(t, ".aws/config", "[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n[profile admin]\n"+
		"role_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = base\n"+more)
	h.set("AWS_PROFILE", "admin")
}

// sts has STS answer from an address, with credentials in the environment.
func sts(url func(*testing.T) string) func(*testing.T, *home) {
	return func(t *testing.T, h *home) {
		t.Helper()
		h.keys()
		h.set("AWS_ENDPOINT_URL", url(t))
	}
}

func refusing(status int, code, message string) func(*testing.T, *home) {
	return sts(func(t *testing.T) string { t.Helper(); return refusal(t, status, code, message) })
}

// TestAWSFails makes each thing fail that stands between a new user and AWS. The cluster's side says that it has no
// kubeconfig, in every case.
func TestAWSFails(t *testing.T) {
	t.Parallel()
	in, ago := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	tlsOf := func(name string, until time.Time, trusted bool) func(*testing.T, *home) {
		return func(t *testing.T, h *home) {
			t.Helper()
			ca := newAuthority(t)
			sts(func(t *testing.T) string { t.Helper(); return ca.serveTLS(t, name, until, http.NotFoundHandler()) })(t, h)
			if trusted {
				h.set("AWS_CA_BUNDLE", h.write(t, "ca.pem", string(ca.pem)))
			}
		}
	}
	for name, c := range map[string]contact{
		"no credentials, metadata refused": {
			func(_ *testing.T, h *home) {
				h.set("AWS_EC2_METADATA_DISABLED", "false")
				h.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+closed(t))
			},
			[]string{"no AWS credentials were found", "AWS_ACCESS_KEY_ID", `profile "default"`, "~/.aws/config"},
			[]string{"aws sso login"},
		},
		"no credentials, metadata silent": {
			func(t *testing.T, h *home) {
				h.set("AWS_EC2_METADATA_DISABLED", "false")
				h.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+silent(t))
			},
			[]string{"no AWS credentials were found"},
			[]string{"--profile"},
		},
		"no credentials, metadata switched off": {func(*testing.T, *home) {}, []string{"no AWS credentials were found"}, []string{"list-profiles"}},
		"no credentials, files elsewhere":       {func(t *testing.T, h *home) { h.set("AWS_CONFIG_FILE", h.write(t, "my.conf", "")) }, []string{"no AWS credentials were found", "my.conf"}, nil},
		"profile that does not exist":           {func(_ *testing.T, h *home) { h.set("AWS_PROFILE", "nobody") }, []string{"load AWS configuration: there is no profile nobody"}, []string{"list-profiles"}},
		"profile with half a key": {
			func(t *testing.T, h *home) {
				h.write(t, ".aws/credentials", "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n")
			},
			[]string{"partial credentials"},
			[]string{"~/.aws/config"},
		},
		"profile whose source is missing": {
			func(t *testing.T, h *home) {
				h.write(t, ".aws/config", "[default]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = gone\n")
			},
			[]string{"gone"},
			[]string{"list-profiles"},
		},
		"SSO without a sign-in": {func(t *testing.T, h *home) { ssoProfile(t, h, time.Time{}, "") }, []string{"IAM Identity Center", "nobody has signed in", "profile dev"}, []string{"aws sso login --profile dev"}},
		"SSO over":              {func(t *testing.T, h *home) { ssoProfile(t, h, ago, "") }, []string{"sign-in with IAM Identity Center has expired"}, []string{"aws sso login --profile dev"}},
		"SSO over, refresh refused": {func(t *testing.T, h *home) {
			ssoProfile(t, h, ago, "r")
			h.set("AWS_ENDPOINT_URL_SSO_OIDC", restRefusal(t, 400, "InvalidGrantException", "no"))
		}, []string{"has expired"}, []string{"aws sso login --profile dev"}},
		"SSO over, client refused": {func(t *testing.T, h *home) {
			ssoProfile(t, h, ago, "r")
			h.set("AWS_ENDPOINT_URL_SSO_OIDC", restRefusal(t, 400, "UnauthorizedClientException", "no"))
		}, []string{"has expired"}, []string{"aws sso login --profile dev"}},
		"SSO signed out elsewhere": {func(t *testing.T, h *home) {
			ssoProfile(t, h, in, "")
			h.set("AWS_ENDPOINT_URL_SSO", restRefusal(t, 401, "UnauthorizedException", "Session token not found or invalid"))
		}, []string{"has expired"}, []string{"aws sso login --profile dev"}},
		"SSO role is not mine": {func(t *testing.T, h *home) {
			ssoProfile(t, h, in, "")
			h.set("AWS_ENDPOINT_URL_SSO", restRefusal(t, 403, "ForbiddenException", "No access"))
		}, []string{"does not let you take role Admin in account 123456789012"}, []string{"assigned to you", "aws configure sso --profile dev"}},
		"SSO cannot be reached": {func(t *testing.T, h *home) {
			ssoProfile(t, h, in, "")
			h.set("AWS_ENDPOINT_URL_SSO", "http://"+closed(t))
		}, []string{"IAM Identity Center cannot be reached", "refused"}, []string{"VPN"}},
		"MFA and nobody there": {func(t *testing.T, h *home) { roleProfile(t, h, "mfa_serial = arn:aws:iam::123456789012:mfa/me\n") }, []string{"profile admin asks for an MFA code", "no terminal"}, []string{"export-credentials", "--profile admin"}},
		"role that may not be taken": {func(t *testing.T, h *home) {
			roleProfile(t, h, "")
			h.set("AWS_ENDPOINT_URL_STS", refusal(t, 403, "AccessDenied", "User: base is not authorized to perform: sts:AssumeRole"))
		}, []string{"role arn:aws:iam::123456789012:role/admin cannot be assumed", "AccessDenied"}, []string{"trust policy", "--profile base"}},
		"web identity without a file": {func(_ *testing.T, h *home) {
			h.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")
			h.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci")
		}, []string{"web identity token cannot be read", "/nowhere/token"}, []string{"AWS_WEB_IDENTITY_TOKEN_FILE"}},
		"web identity refused": {
			func(t *testing.T, h *home) {
				h.set("AWS_WEB_IDENTITY_TOKEN_FILE", h.write(t, "token", "x.y.z"))
				h.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci")
				h.set("AWS_ENDPOINT_URL_STS", refusal(t, 400, "InvalidIdentityToken", "No OpenIDConnect provider found"))
			},
			[]string{"web identity token is not taken", "InvalidIdentityToken", "No OpenIDConnect provider"},
			[]string{"issuer, subject and audience"},
		},
		"credential process that is not there": {func(t *testing.T, h *home) {
			h.write(t, ".aws/config", "[default]\ncredential_process = no-such-program --x\n")
		}, []string{"credential_process of profile default failed"}, []string{"run it by hand: no-such-program --x"}},
		"credential process that says nonsense": {func(t *testing.T, h *home) {
			h.program(t, "creds", "echo hello")
			h.write(t, ".aws/config", "[default]\ncredential_process = creds\n")
		}, []string{"credential_process of profile default failed"}, []string{"run it by hand: creds"}},
		"credential process whose answer holds secrets": {
			func(t *testing.T, h *home) {
				h.program(t, "creds", `echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"`+awsfake.AdminSecret+`"}'; echo update available`)
				h.write(t, ".aws/config", "[default]\ncredential_process = creds --client-secret "+awsfake.AdminSecret+" -x\n")
			},
			[]string{"its output is not the JSON that is expected"},
			[]string{"run it by hand: creds --client-secret (redacted) -x"},
		},
		"credential process with words of its own": {
			func(t *testing.T, h *home) {
				h.program(t, "creds", `printf 'vault is \033[31msealed\n' >&2; exit 4`)
				h.write(t, ".aws/config", "[default]\ncredential_process = creds\n")
			},
			[]string{`exit status 4: vault is \x1b[31msealed`},
			[]string{"run it by hand: creds"},
		},
		"role whose source has expired": {
			func(t *testing.T, h *home) {
				roleProfile(t, h, "")
				h.set("AWS_ENDPOINT_URL_STS", refusal(t, 403, "ExpiredToken", "over"))
			},
			[]string{"the credentials have expired (from profile base)"},
			[]string{"--profile base"},
		},
		"role whose source is not known": {
			func(t *testing.T, h *home) {
				roleProfile(t, h, "")
				h.set("AWS_ENDPOINT_URL_STS", refusal(t, 403, "InvalidClientTokenId", "no"))
			},
			[]string{"STS does not know the credentials (from profile base)"},
			nil,
		},
		"SSO that throttles": {
			func(t *testing.T, h *home) {
				ssoProfile(t, h, in, "")
				h.set("AWS_ENDPOINT_URL_SSO", restRefusal(t, 429, "TooManyRequestsException", "slow"))
			},
			[]string{"limits the rate"},
			[]string{"in a minute"},
		},
		"profile that names itself": {
			func(t *testing.T, h *home) {
				h.write(t, ".aws/config", "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::123456789012:role/b\nsource_profile = a\n")
				h.set("AWS_PROFILE", "a")
			},
			[]string{"profile a cannot be used"},
			[]string{"~/.aws/config"},
		},
		"CA bundle that is not there": {
			func(_ *testing.T, h *home) { h.keys(); h.set("AWS_CA_BUNDLE", "/nowhere.pem") },
			[]string{"/nowhere.pem"},
			[]string{"AWS_CA_BUNDLE"},
		},
		"web identity without a role": {
			func(_ *testing.T, h *home) { h.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere") },
			[]string{"web identity is set in part"},
			[]string{"AWS_ROLE_ARN"},
		},
		"endpoint that is no URL": {
			func(_ *testing.T, h *home) { h.keys(); h.set("AWS_ENDPOINT_URL", "not-a-url") },
			[]string{"the endpoint of STS is not a URL"},
			[]string{"AWS_ENDPOINT_URL"},
		},
		"container service that refuses": {func(t *testing.T, h *home) {
			h.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", serve(t, 404, "text/plain", "no role"))
		}, []string{"container's credential service"}, []string{"task role"}},
		"expired in the environment": {func(t *testing.T, h *home) {
			h.set("AWS_SESSION_TOKEN", "t")
			refusing(403, "ExpiredToken", "The security token included in the request is expired")(t, h)
		}, []string{"the credentials have expired (from the environment)"}, []string{"AWS_SESSION_TOKEN anew"}},
		"expired in a profile": {func(t *testing.T, h *home) {
			h.write(t, ".aws/credentials", "[saml]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\naws_session_token = t\n")
			h.set("AWS_PROFILE", "saml")
			h.set("AWS_ENDPOINT_URL", refusal(t, 403, "ExpiredToken", "over"))
		}, []string{"expired (from profile saml)"}, []string{"aws configure list --profile saml"}},
		"key that is not known":        {refusing(403, "InvalidClientTokenId", "The security token included in the request is invalid."), []string{"STS does not know the credentials (from the environment)"}, []string{"deactivated", "partition", "aws configure list"}},
		"key with another secret":      {refusing(403, "SignatureDoesNotMatch", "The request signature we calculated does not match"), []string{"secret access key does not belong"}, []string{"blanks"}},
		"clock that is wrong":          {refusing(403, "SignatureDoesNotMatch", "Signature expired: 20200101T000000Z is now earlier than"), []string{"refuses the time of this machine"}, []string{"timedatectl"}},
		"region that is not on":        {refusing(403, "RegionDisabledException", "STS is not activated in this region"), []string{"region us-east-1 is not switched on"}, []string{"aws account enable-region --region-name us-east-1"}},
		"throttled":                    {refusing(400, "Throttling", "Rate exceeded"), []string{"limits the rate"}, []string{"in a minute"}},
		"AWS fails":                    {refusing(503, "ServiceUnavailable", "try later"), []string{"STS failed (HTTP status 503)"}, []string{"health.aws.amazon.com"}},
		"a page of the network's":      {sts(func(t *testing.T) string { return serve(t, 200, "text/html", "<html>Please sign in</html>") }), []string{"not AWS", "HTTP status 200"}, []string{"HTTPS_PROXY"}},
		"a page that refuses":          {sts(func(t *testing.T) string { return serve(t, 403, "text/html", "<html>Blocked</html>") }), []string{"not AWS", "403 Forbidden"}, []string{"AWS_ENDPOINT_URL"}},
		"name that does not resolve":   {sts(func(*testing.T) string { return "https://sts.nowhere.invalid" }), []string{"STS cannot be reached", "sts.nowhere.invalid"}, []string{"name server"}},
		"nothing listens":              {sts(func(t *testing.T) string { return "http://" + closed(t) }), []string{"STS cannot be reached: the connection is refused (127.0.0.1:"}, []string{"firewall"}},
		"nobody answers":               {sts(func(t *testing.T) string { return "http://" + silent(t) }), []string{"does not answer in time"}, []string{"VPN"}},
		"connection that is cut":       {sts(func(t *testing.T) string { return "http://" + hangingUp(t) }), []string{"closed without an answer"}, []string{"firewall"}},
		"certificate of a proxy":       {tlsOf("127.0.0.1", in, false), []string{"certificate is not trusted here", "Inspecting Proxy CA"}, []string{"AWS_CA_BUNDLE"}},
		"certificate for another name": {tlsOf("example.org", in, true), []string{"not for the name 127.0.0.1"}, []string{"AWS_CA_BUNDLE"}},
		"certificate that is over":     {tlsOf("127.0.0.1", ago, true), []string{"has expired"}, []string{"clock"}},
		"no TLS": {sts(func(t *testing.T) string {
			return strings.Replace(serve(t, 200, "text/plain", "x"), "http://", "https://", 1)
		}), []string{"does not speak TLS"}, nil},
		"proxy that refuses": {
			func(t *testing.T, h *home) {
				h.keys()
				h.set("HTTPS_PROXY", serve(t, 407, "text/plain", ""))
				h.set("NO_PROXY", "127.0.0.2")
			},
			[]string{"proxy refuses to connect: Proxy Authentication Required"},
			[]string{"HTTPS_PROXY"},
		},
		"proxy that is not there": {
			func(t *testing.T, h *home) { h.keys(); h.set("HTTPS_PROXY", "http://"+closed(t)) },
			[]string{"the proxy cannot be used: the connection is refused"},
			[]string{"HTTPS_PROXY"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			c.setup(t, h)
			c.check(t, h, 2, "kubeconfig")
		})
	}
}

// check runs plan and judges the one error that is not the other side's.
func (c contact) check(t *testing.T, h *home, errors int, other string) {
	t.Helper()
	problems, took, output := h.plan(t)
	var mine []problem
	for _, p := range problems {
		if other == "" || !strings.Contains(p.Message, other) {
			mine = append(mine, p)
		}
	}
	if len(problems) != errors || len(mine) != 1 {
		t.Fatalf("%d errors, %d of them of this side: %s", len(problems), len(mine), output)
	}
	for _, part := range c.message {
		if !strings.Contains(mine[0].Message, part) {
			t.Errorf("the message lacks %q: %s", part, mine[0].Message)
		}
	}
	for _, part := range c.hint {
		if !strings.Contains(mine[0].Hint, part) {
			t.Errorf("the hint lacks %q: %s", part, mine[0].Hint)
		}
	}
	if strings.Contains(output, "operation error") || strings.Contains(output, awsfake.AdminSecret) || strings.Contains(output, "\x1b") {
		t.Errorf("the library's own words, or a secret: %s", output)
	}
	if testing.Verbose() {
		fmt.Printf("%s (%s)\n  %s\n  %s\n", t.Name(), took.Round(10*time.Millisecond), mine[0].Message, strings.ReplaceAll(mine[0].Hint, "\n", "\n  "))
	}
}

// TestSecretsAreNotLogged: the SDK logs why a sign-in failed, and quotes what a credential_process said.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]string{
		"its own":                 "[default]\ncredential_process = creds\n",
		"what a role begins with": "[profile base]\ncredential_process = creds\n[default]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = base\n",
	} {
		h := newHome(t)
		h.program(t, "creds", `echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"`+awsfake.AdminSecret+`"}'; echo update available`)
		h.write(t, ".aws/config", profile)
		h.args = []string{"--verbose"}
		_, _, output := h.plan(t)
		if strings.Contains(output, awsfake.AdminSecret) || !strings.Contains(output, "its output is not the JSON that is expected") {
			t.Errorf("%s: %s", name, output)
		}
	}
}

// TestSignInThatDoesNotEnd is cut off by --timeout, and told as what it was.
func TestSignInThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.program(t, "creds", "sleep 60")
	h.write(t, ".aws/config", "[default]\ncredential_process = creds\n")
	h.args = []string{"--timeout", "1s"}
	problems, _, output := h.plan(t)
	if !slices.ContainsFunc(problems, func(p problem) bool {
		return strings.Contains(p.Message, "the sign-in did not come to its end") && strings.Contains(p.Message, "--timeout 1s")
	}) {
		t.Error(output)
	}
}
