package iamsetup

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"

	"github.com/uc-cdis/gen3-bootstrap/internal/cause"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// origin is where credentials come from.
type origin struct {
	kinds   []aws.CredentialSource
	profile string // as the aws command's --profile takes it; "" for the default one
	words   string
}

func originOf(s *signIn) origin {
	o := origin{kinds: sourcesOf(s.CredentialsProvider), profile: s.profile.Profile}
	switch {
	case o.has(aws.CredentialSourceEnvVars):
		o.words = "from the environment"
	case o.has(aws.CredentialSourceIMDS):
		o.words = "from the instance's role"
	case o.has(aws.CredentialSourceHTTP):
		o.words = "from the container's role"
	case o.has(aws.CredentialSourceEnvVarsSTSWebIDToken):
		o.words = "from a web identity token"
	case o.profile != "":
		o.words = "from profile " + o.profile
	default:
		o.words = "from the default profile"
	}
	return o
}

func (o origin) has(kinds ...aws.CredentialSource) bool {
	return slices.ContainsFunc(kinds, func(k aws.CredentialSource) bool { return slices.Contains(o.kinds, k) })
}

func (o origin) sso() bool {
	return o.has(aws.CredentialSourceSSO, aws.CredentialSourceProfileSSO, aws.CredentialSourceSSOLegacy, aws.CredentialSourceProfileSSOLegacy)
}

// command is one of the aws command's, for the same profile.
func (o origin) command(words ...string) string {
	words = append([]string{"aws"}, words...)
	if o.profile != "" && o.profile != "default" && !o.has(aws.CredentialSourceEnvVars) {
		words = append(words, "--profile", o.profile)
	}
	return hint.Command(words...)
}

// renew says how to get credentials of the same kind that are not over.
func (m *met) renew() []string {
	switch o := m.source; {
	case o.sso():
		return []string{"sign in again: `" + o.command("sso", "login") + "`"}
	case o.has(aws.CredentialSourceLogin, aws.CredentialSourceProfileLogin):
		return []string{"sign in again: `" + o.command("login") + "`"}
	case o.has(aws.CredentialSourceEnvVars):
		return []string{"set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew, or unset them and sign in with a profile"}
	case o.has(aws.CredentialSourceEnvVarsSTSWebIDToken, aws.CredentialSourceProfileSTSWebIDToken):
		return []string{"have the token renewed that AWS_WEB_IDENTITY_TOKEN_FILE names; in a pipeline, run the step that signs in to AWS again"}
	default:
		return []string{"get new ones by the way that they came, and repeat the command; `" + o.command("configure", "list") + "` shows where they are found"}
	}
}

// signInExplanations are for credentials that did not come about.
func signInExplanations() []explanation {
	from := func(service string, codes ...string) func(*met) bool {
		return func(m *met) bool {
			return m.signIn != nil && m.service == service && (len(codes) == 0 || slices.Contains(codes, m.code))
		}
	}
	assume := func(call string, codes ...string) func(*met) bool {
		return func(m *met) bool {
			return m.signIn != nil && m.service == "STS" && m.call == call && slices.Contains(codes, m.code)
		}
	}
	says := func(text func(*met) string, cures func(*met) []string) func(*met) cause.Cause {
		return func(m *met) cause.Cause { return cause.Cause{Text: text(m), Cures: cures(m)} }
	}
	name := func(m *met) string { return cmp.Or(m.profile.Profile, "default") }
	var invalid *ssocreds.InvalidTokenError
	var process *processcreds.ProviderError
	return []explanation{
		{"MFA without a terminal", func(m *met) bool { return errors.Is(m.err, errNoTerminal) }, says(
			func(m *met) string {
				return "profile " + name(m) + " asks for an MFA code, and there is no terminal to type it at"
			},
			func(m *met) []string {
				return []string{"at a terminal: `eval \"$(" + m.source.command("configure", "export-credentials", "--format", "env") + ")\"` asks for the code and puts credentials into the environment"}
			},
		)},
		{"MFA refused", func(m *met) bool {
			return assume("AssumeRole", "AccessDenied")(m) && strings.Contains(m.message, "MultiFactorAuthentication failed")
		}, says(
			func(*met) string { return "the MFA code was refused" },
			func(*met) []string { return []string{"repeat the command with the next code; each code counts once"} },
		)},
		{"role may not be assumed", assume("AssumeRole", "AccessDenied"), says(
			func(m *met) string {
				return "role " + cmp.Or(m.profile.RoleARN, "of profile "+name(m)) + " cannot be assumed: " + m.code + ": " + m.message
			},
			func(m *met) []string {
				return []string{"its trust policy must name you, and your own policies must allow sts:AssumeRole on it; `" +
					origin{profile: m.profile.SourceProfileName}.command("sts", "get-caller-identity") + "` shows who asks for it"}
			},
		)},
		{"web identity refused", assume("AssumeRoleWithWebIdentity", "AccessDenied", "InvalidIdentityToken", "ExpiredTokenException", "IDPRejectedClaim", "IDPCommunicationError", "ValidationError"), says(
			func(m *met) string {
				return "the web identity token is not taken for a role: " + m.code + ": " + m.message
			},
			func(*met) []string {
				return []string{"the role in AWS_ROLE_ARN must trust the token's issuer, subject and audience, and the token in AWS_WEB_IDENTITY_TOKEN_FILE must not have expired"}
			},
		)},
		{"web identity file", func(m *met) bool {
			return m.signIn != nil && m.service == "" && m.source.has(aws.CredentialSourceEnvVarsSTSWebIDToken, aws.CredentialSourceProfileSTSWebIDToken)
		}, says(
			func(m *met) string {
				return "the web identity token cannot be read: " + printable.Line(innermost(m.signIn.err).Error())
			},
			func(*met) []string {
				return []string{"AWS_WEB_IDENTITY_TOKEN_FILE must name the file of a token; unset it and AWS_ROLE_ARN to sign in another way"}
			},
		)},
		{"SSO role is not assigned", from("SSO", "ForbiddenException", "ResourceNotFoundException"), says(
			func(m *met) string {
				return "IAM Identity Center does not let you take role " + m.profile.SSORoleName + " in account " + m.profile.SSOAccountID + " (profile " + name(m) + ")"
			},
			func(m *met) []string {
				return []string{"have it assigned to you; or choose another one: `" + m.source.command("configure", "sso") + "`"}
			},
		)},
		{"SSO expired", func(m *met) bool {
			return m.signIn != nil && (errors.As(m.err, &invalid) || slices.Contains(overSSO(), m.code) && (m.service == "SSO" || m.service == "SSO OIDC") ||
				m.service == "" && m.source.sso())
		}, says(
			func(m *met) string {
				if errors.Is(m.err, fs.ErrNotExist) {
					return "profile " + name(m) + " signs in with IAM Identity Center, and nobody has signed in"
				}
				return "the sign-in with IAM Identity Center has expired (profile " + name(m) + ")"
			},
			(*met).renewSSO,
		)},
		{"login expired", func(m *met) bool {
			return m.signIn != nil && m.source.has(aws.CredentialSourceLogin, aws.CredentialSourceProfileLogin) && m.service != "" == (m.code != "")
		}, says(
			func(m *met) string {
				return "the sign-in with `aws login` is over: " + printable.Line(innermost(m.signIn.err).Error())
			},
			(*met).renew,
		)},
		{"credential process", func(m *met) bool { return errors.As(m.err, &process) }, says(
			func(m *met) string {
				return "the credential_process of profile " + name(m) + " failed: " + printable.Line(m.processWords(process))
			},
			func(m *met) []string {
				return []string{"run it by hand: " + redact.Words(printable.Line(m.profile.CredentialProcess))}
			},
		)},
		{"container", func(m *met) bool { return m.signIn != nil && m.source.has(aws.CredentialSourceHTTP) && m.service == "" }, says(
			func(m *met) string {
				return "the container's credential service gives no credentials: " + m.brief()
			},
			func(*met) []string {
				return []string{"check the task role or the Pod Identity association; unset AWS_CONTAINER_CREDENTIALS_FULL_URI to sign in another way"}
			},
		)},
		{"none found", from("ec2imds"), says(
			func(m *met) string { return "no AWS credentials were found: " + m.signIn.by.lookedFor() },
			func(*met) []string {
				return []string{"sign in, such as with `aws sso login --profile NAME`, and give --profile NAME or set AWS_PROFILE", "`aws configure list-profiles` lists the profiles that exist"}
			},
		)},
	}
}

func (m *met) processWords(err *processcreds.ProviderError) string {
	switch {
	case err.Err == nil:
		return err.Error()
	case strings.Contains(err.Err.Error(), quotedOutput): // of a process that another sign-in begins with
		return errOutput.Error()
	}
	words := err.Err.Error()
	if m.signIn == nil {
		return words
	}
	if said := m.signIn.by.said; said != nil && said.Len() > 0 {
		words += ": " + strings.Join(strings.Fields(said.String()), " ")
	}
	return words
}

// overSSO are the answers of IAM Identity Center to a sign-in that is over.
func overSSO() []string {
	return []string{"UnauthorizedException", "InvalidGrantException", "UnauthorizedClientException", "ExpiredTokenException", "AccessDeniedException", "InvalidClientException", "InvalidRequestException"}
}

func (m *met) renewSSO() []string {
	return []string{"sign in: `" + m.source.command("sso", "login") + "`"}
}

// innermost is the error at the end of a chain, which has the least around it.
func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// explainConfig says what is wrong with the files, of which the SDK makes no configuration.
func explainConfig(err error, profile string) cause.Cause {
	var missing config.SharedConfigProfileNotExistError
	var unread config.SharedConfigLoadError
	list := "`aws configure list-profiles` lists the profiles that exist; give one with --profile or AWS_PROFILE"
	switch {
	case errors.As(err, &missing):
		return cause.Cause{Text: "there is no profile " + missing.Profile + " in the shared configuration", Cures: []string{list}}
	case errors.As(err, &unread):
		return cause.Cause{Text: printable.Line(strings.Join(strings.Fields(err.Error()), " ")), Cures: []string{"correct the file; `aws configure list` reads it too"}}
	}
	text := strings.TrimSuffix(printable.Line(strings.Join(strings.Fields(err.Error()), " ")), ", <nil>")
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return cause.Cause{Text: "a file that the configuration names cannot be read: " + text, Cures: []string{"correct AWS_CA_BUNDLE, AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE, or ca_bundle in the profile"}}
	case strings.Contains(text, "role ARN is not set"), strings.Contains(text, "token file path is not set"):
		return cause.Cause{Text: "the web identity is set in part: " + text, Cures: []string{"set both AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or neither"}}
	case strings.Contains(text, "loopback/ecs/eks hosts"), strings.Contains(text, "HTTP cred provider"):
		return cause.Cause{Text: "the container's credential service cannot be used: " + text, Cures: []string{"correct or unset AWS_CONTAINER_CREDENTIALS_FULL_URI"}}
	}
	if env, envErr := config.NewEnvConfig(); envErr == nil {
		profile = cmp.Or(profile, env.SharedConfigProfile)
	}
	return cause.Cause{
		Text:  "profile " + cmp.Or(profile, "default") + " cannot be used: " + text,
		Cures: []string{"correct it in ~/.aws/config; " + list},
	}
}
