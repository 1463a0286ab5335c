package bootstrap

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Check returns every problem of the settings that can be seen without asking anybody, each with a hint where one helps.
func (s Settings) Check() []error {
	var c Checker
	c.unset(s)
	c.Target(s.supposing())
	c.IAM(s)
	c.Secrets(s)
	c.Authentication(s)
	if s.Gen3Version != "" {
		if _, err := gen3.Given(s.Gen3Version); err != nil {
			c.Problems = append(c.Problems, err)
		}
	}
	if !s.SkipHelm {
		c.Problems = append(c.Problems, s.helm().Check()...)
	}
	return c.Problems
}

// supposing stands in for what the record may tell, which Connect judges.
func (s Settings) supposing() Settings {
	if s.Given != nil {
		s.Account, s.Region = cmp.Or(s.Account, "000000000000"), cmp.Or(s.Region, "us-east-1")
	}
	return s
}

// idle refuses flags of the command line that do nothing in this mode: whoever gave them expects something. Variables of the environment stand
// for many commands, and are left alone.
func (s Settings) idle() []error {
	var out []error
	for _, rule := range []struct {
		flags  []string
		counts bool
		why    string
	}{
		{[]string{"user-name", "secret-name"}, s.UsesKeys(), "without a key: --irsa and --use-global-user make none"},
		{[]string{"policy-name", "iam-path", "permissions-boundary", "tag", flagPrefix, flagNames, flagKMSKey, flagPush}, s.usesPolicy(), "with --use-global-user alone, which makes nothing in IAM"},
		{[]string{"global-user-secret"}, s.UseGlobalUser, "without --use-global-user"},
		{[]string{"role-name", "service-account", "oidc-issuer", "create-oidc-provider"}, s.IRSA, "without --irsa"},
		{[]string{"release", "release-namespace", "chart", "chart-repo", "chart-version", "values", "set", "set-string", "set-json", "set-file", "no-wait"}, !s.SkipHelm, "with --skip-helm"},
	} {
		var idle []string
		for _, flag := range rule.flags {
			if !rule.counts && s.Given[flag] == "flag" {
				idle = append(idle, "--"+flag)
			}
		}
		if len(idle) > 0 {
			out = append(out, hint.Coded(hint.With(fmt.Errorf("%s does nothing %s", strings.Join(idle, ", "), rule.why), "leave it out, or change the mode"), "idle-flag"))
		}
	}
	return out
}

// Checker collects all that is wrong with settings.
type Checker struct{ Problems []error }

func (c *Checker) Add(cure, format string, args ...any) {
	c.Problems = append(c.Problems, hint.Coded(hint.With(fmt.Errorf(format, args...), cure), "bad-setting"))
}

var (
	accountForm = regexp.MustCompile(`^\d{12}$`)
	iamName     = regexp.MustCompile(`^[\w+=,.@-]+$`)
	iamPath     = regexp.MustCompile(`^/([\x21-\x2e\x30-\x7e]+/)*$`)
	prefixForm  = regexp.MustCompile(`^[\w/+=.@-]+$`)
	tagForm     = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

func (c *Checker) Target(s Settings) {
	switch {
	case s.Account == "":
		c.Add("`aws sts get-caller-identity --query Account` tells yours", "--account is required")
	case !accountForm.MatchString(s.Account):
		c.Add("it is the 12-digit number that `aws sts get-caller-identity` calls Account", "--account %q is not 12 digits", s.Account)
	}
	switch {
	case s.Region == "":
		c.Add("give the region whose Secrets Manager holds Gen3's secrets, such as us-east-1, or set AWS_REGION", "--region is required")
	case iamsetup.PartitionOf(s.Region) == "":
		c.Add("regions look like us-east-1; `aws ec2 describe-regions` lists them", "--region %q is no AWS region", s.Region)
	}
	if s.Namespace != "" {
		for _, why := range validation.IsDNS1123Label(s.Namespace) {
			c.Add("", "--namespace %q is not legal: %s", s.Namespace, why)
		}
	}
	if s.Timeout <= 0 {
		c.Add("", "--timeout %s is not a positive duration", s.Timeout)
	}
	if s.LockTimeout < 0 {
		c.Add("", "--lock-timeout %s is negative", s.LockTimeout)
	}
}

func (c *Checker) IAM(s Settings) {
	c.iamName("--policy-name", s.PolicyName, 128)
	c.iamName("--user-name", s.UserName, 64)
	if s.RoleName != "" {
		c.iamName("--role-name", s.RoleName, 64)
	}
	if len(s.IAMPath) > 512 || !iamPath.MatchString(s.IAMPath) {
		c.Add("a path begins and ends with a slash, such as /gen3/", "--iam-path %q is not legal", s.IAMPath)
	}
	if s.PermissionsBoundary != "" {
		c.arn("--permissions-boundary", s.PermissionsBoundary, "iam", "policy/", "arn:aws:iam::123456789012:policy/boundary")
	}
	for _, key := range s.KMSKeys {
		c.arn("--kms-key", key, "kms", "key/", "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab")
	}
	c.secretNames("readNames", s.ReadNames)
	c.secretNames("pushNames", s.PushNames)
	for _, prefix := range s.SecretPrefixes {
		c.NamePrefix("--secret-prefix", prefix)
	}
	c.tags(s.Tags)
}

// secretNames judges names in Secrets Manager that a record holds.
func (c *Checker) secretNames(field string, names []string) {
	for _, name := range names {
		if !gen3.SecretName(name) {
			c.Add("", "%s: %q is not the name of a secret", field, name)
		}
	}
}

func (c *Checker) iamName(flag, name string, most int) {
	if len(name) > most || !iamName.MatchString(name) {
		c.Add("letters, digits and _+=,.@- are legal", "%s %q is not a legal IAM name of at most %d characters", flag, name, most)
	}
}

func (c *Checker) arn(flag, text, service, kind, example string) {
	parsed, err := arn.Parse(text)
	if err != nil || parsed.Service != service || !strings.HasPrefix(parsed.Resource, kind) || strings.ContainsAny(text, "*? ") {
		c.Add("such as "+example, "%s %q is not the ARN of one %s %s", flag, text, service, strings.TrimSuffix(kind, "/"))
	}
}

// NamePrefix judges the beginning of names in Secrets Manager.
func (c *Checker) NamePrefix(flag, prefix string) {
	if prefix == "" || len(prefix) > 512 || !prefixForm.MatchString(prefix) {
		c.Add("a prefix is the beginning of secrets' names, without wildcards: letters, digits and /_+=.@-",
			"%s %q is not legal", flag, prefix)
	}
}

func (c *Checker) tags(tags []string) {
	seen := map[string]bool{}
	for _, tag := range tags {
		key, value, found := strings.Cut(tag, "=")
		switch {
		case !found || key == "":
			c.Add("", "--tag %q is not of the form key=value", tag)
		case len([]rune(key)) > 128 || len([]rune(value)) > 256 || !tagForm.MatchString(key) || !tagForm.MatchString(value):
			c.Add("keys have at most 128 characters and values 256, of letters, digits, spaces and _.:/=+-@", "--tag %q is not legal", tag)
		case iamsetup.ReservedTag(key):
			c.Add("", "--tag %q: that key is reserved", tag)
		case seen[strings.ToLower(key)]:
			c.Add("", "--tag %q: that key is given twice (IAM does not tell upper and lower case apart)", tag)
		}
		seen[strings.ToLower(key)] = true
	}
}

func (c *Checker) Secrets(s Settings) {
	var seen []string
	for _, name := range s.SecretNames {
		c.secretName("--secret-name", name)
		if slices.Contains(seen, name) {
			c.Add("", "--secret-name %q is given twice", name)
		}
		seen = append(seen, name)
	}
	if s.UseGlobalUser {
		c.secretName("--global-user-secret", s.GlobalUserSecret)
	}
}

func (c *Checker) secretName(flag, name string) {
	whys := validation.IsDNS1123Subdomain(name)
	if len(whys) == 0 {
		return
	}
	cure := ""
	if legal := strings.Trim(legalSecretName(name), "-."); len(validation.IsDNS1123Subdomain(legal)) == 0 {
		cure = fmt.Sprintf("%q is legal: lower case letters, digits, - and . are", legal)
	}
	c.Add(cure, "%s %q is not a legal name of a Kubernetes Secret", flag, name)
}

func (c *Checker) Authentication(s Settings) {
	if !s.IRSA {
		return
	}
	for _, why := range validation.IsDNS1123Subdomain(s.ServiceAccount) {
		c.Add("", "--service-account %q is not legal: %s", s.ServiceAccount, why)
	}
}

// tags returns the operator's own tags; Check has judged them.
func (s Settings) tags() map[string]string {
	out := map[string]string{}
	for _, tag := range s.Tags {
		key, value, _ := strings.Cut(tag, "=")
		out[key] = value
	}
	return out
}
