package awsfake

import (
	"strings"
	"time"
)

// The operator's own credentials, from AWS's documentation. They are always accepted, and may do everything that Deny
// does not name.
const (
	AdminKeyID  = "AKIAIOSFODNN7EXAMPLE"
	AdminSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// An Option changes how a Server behaves from its start.
type Option func(*settings)

// settings are what the options set.
type settings struct {
	account    string
	partition  string
	now        func() time.Time
	pageSize   int
	attachable int
	trusting   int // characters of a trust policy
	enforce    bool
	skew       bool
	randomness uint64
	halves     string
	latency    time.Duration
	lags       map[Class]lag
}

func defaults() settings {
	return settings{
		account:    "123456789012",
		partition:  "aws",
		now:        time.Now, //nolint:forbidigo // the default of WithClock
		pageSize:   2,
		attachable: maxAttached, trusting: maxTrust,
		enforce: true,
		skew:    true,
		lags:    map[Class]lag{},
	}
}

// WithAccount sets the account's twelve digits.
func WithAccount(id string) Option { return func(s *settings) { s.account = id } }

// WithPartition sets the partition: aws, aws-cn or aws-us-gov.
func WithPartition(partition string) Option { return func(s *settings) { s.partition = partition } }

// WithClock sets what the server takes for the time: of creation, of expiry, of its Date header, of lag.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// WithPageSize sets how many entries a list answers at once, whatever the client asks for. The default is 2, so that
// a client that does not paginate is found out.
func WithPageSize(n int) Option { return func(s *settings) { s.pageSize = n } }

// WithAttachedQuota sets how many managed policies a user, group or role may have, as an account may ask AWS for more.
func WithAttachedQuota(n int) Option { return func(s *settings) { s.attachable = n } }

// WithTrustQuota sets how many characters a trust policy may have, white space apart, as an account may ask AWS for more.
func WithTrustQuota(n int) Option { return func(s *settings) { s.trusting = n } }

// WithPolicyEnforcement says whether callers other than the admin need permissions. They do by default.
func WithPolicyEnforcement(on bool) Option { return func(s *settings) { s.enforce = on } }

// WithSkewCheck says whether requests signed more than 15 minutes off the clock are refused. They are by default;
// a test whose clock stands still at some golden time turns it off.
func WithSkewCheck(on bool) Option { return func(s *settings) { s.skew = on } }

// WithSeed changes what ids, keys, secrets and coin tosses come out. Servers with one seed mint the same in the same
// order.
func WithSeed(seed uint64) Option { return func(s *settings) { s.randomness = seed } }

// WithSecretsOf makes secret halves that no server has which was given another text; ids stay the same.
func WithSecretsOf(text string) Option { return func(s *settings) { s.halves = text } }

// WithLatency delays every request by d, as a distant region does.
func WithLatency(d time.Duration) Option { return func(s *settings) { s.latency = d } }

// WithVisibilityDelay is DelayVisibility from the start.
func WithVisibilityDelay(d time.Duration, flap bool, classes ...Class) Option {
	return func(s *settings) { setLags(s.lags, lag{d, flap}, classes) }
}

// dnsSuffix is the domain under which the partition's services live.
func (s *settings) dnsSuffix() string {
	if s.partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// serves reports whether the region is one of the partition's.
func (s *settings) serves(region string) bool {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return s.partition == "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return s.partition == "aws-us-gov"
	default:
		return s.partition == "aws"
	}
}

// iamARN is the ARN of something of the account's IAM, such as "user/" + name.
func (s *settings) iamARN(resource string) string {
	return "arn:" + s.partition + ":iam::" + s.account + ":" + resource
}

// stsARN is the ARN of a session of the account.
func (s *settings) stsARN(resource string) string {
	return "arn:" + s.partition + ":sts::" + s.account + ":" + resource
}
