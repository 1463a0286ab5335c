// Package bootstrap takes an operator's settings to a converged account and cluster: it checks them, checks the
// target, orders the steps and plans, applies or destroys them.
//
// Every error says what was being done, and to which object. Callers return it as it is.
package bootstrap

import (
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Defaults of the flags, as the help prints them.
const (
	DefaultTimeout          = 10 * time.Minute
	DefaultLockTimeout      = time.Minute
	DefaultPolicyName       = "external_secrets_policy"
	DefaultUserName         = "external_secrets_user"
	DefaultIAMPath          = "/"
	DefaultGlobalUserSecret = "gen3-aws-config"
	DefaultServiceAccount   = "secret-store-sa"
	DefaultRelease          = "external-secrets"
	DefaultReleaseNamespace = "external-secrets"
	// ChartSecretName is the Secret that the gen3 chart's SecretStore reads when no role is given
	// (gen3-helm, helm/common and helm/gen3 templates).
	ChartSecretName = "gen3-aws-config"
)

// Settings is everything that an operator can ask for. Check judges them; nothing else in the package does.
type Settings struct {
	Account string // 12 digits, required
	Region  string // required
	Profile string // AWS shared configuration profile; empty: the default chain

	Kubeconfig      string // path; empty: KUBECONFIG or ~/.kube/config
	Context         string // empty: the kubeconfig's current context
	Namespace       string // of the Gen3 release; empty: the context's
	CreateNamespace bool
	AllowElsewhere  bool          // the cluster may be one of another account or region
	Timeout         time.Duration // of the whole run
	LockTimeout     time.Duration // how long to wait for another run's lock

	PolicyName          string
	UserName            string
	IAMPath             string   // begins and ends with "/"
	PermissionsBoundary string   // policy ARN, or empty
	Tags                []string // "key=value"
	SecretPrefixes      []string // Secrets Manager name prefixes; empty: every secret of the account and region
	NamesFromValues     bool     // allow exactly the names that Gen3Values have the chart read
	KMSKeys             []string // key ARNs
	AllowPush           bool
	Adopt               bool
	Yes                 bool
	All                 bool // texts name every object of a long list, not only the first ten

	SecretNames []string // Kubernetes Secrets that hold the key; empty: both defaults

	UseGlobalUser      bool
	GlobalUserSecret   string
	IRSA               bool
	RoleName           string // empty: computed from namespace and cluster
	ServiceAccount     string
	OIDCIssuer         string // empty: asked of the API server
	CreateOIDCProvider bool

	Gen3Version     string   // of the gen3 chart; empty: the installed one's, else the newest known
	Gen3Values      []string // values files of the gen3 release, in helm's order
	Gen3Chart       string   // the gen3 chart; empty: Gen3's own, of its repository
	Gen3ReleaseName string

	ReadNames []string // of secrets, as the chart was found to read them
	PushNames []string // and to write them

	SkipHelm bool
	Helm     helminstall.Settings // its Timeout and Adopt are filled from those above

	Timing Timing

	// Given holds the flags that the operator gave, by their names, each with "flag" or "environment" for where. What is not among them
	// stands as the last up recorded it. nil: the settings are all that is wished, as they are.
	Given map[string]string
	// Agreed is a plan that somebody agreed to beforehand; nil: none.
	Agreed *Agreement
	// Unset are flags that go back to their defaults, whatever is recorded.
	Unset []string
}

// Timing holds the durations that the key protocol and the lock run by. The zero value of a field means its default.
// They are settings so that tests of crashes and lost replies take a second each, not a minute.
type Timing struct {
	Lease        time.Duration // life of the run's Lease without a renewal; default 15 s
	MintDeadline time.Duration // after which an announced CreateAccessKey is no longer sent; default 60 s
	Settle       time.Duration // how long IAM's lists and credentials may lag behind a write; default 20 s
	Poll         time.Duration // first pause between two looks at something awaited; default 500 ms
	Refresh      time.Duration // how long the operator may take to read anew when it is told to; default 2 min
	MountLag     time.Duration // how long a pod may see the old files of a Secret that changed; default the kubelet's usual 2 min
	Request      time.Duration // limit for one attempt of one request, to AWS or the API server; default 20 s
}

func (t Timing) WithDefaults() Timing {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&t.Lease, 15*time.Second)
	set(&t.MintDeadline, time.Minute)
	set(&t.Settle, 20*time.Second)
	set(&t.Poll, 500*time.Millisecond)
	set(&t.Refresh, 2*time.Minute)
	set(&t.Request, 20*time.Second)
	return t
}

// Invocation is what a command that is advised has to repeat of these settings to mean the same target.
func (s Settings) Invocation() hint.Invocation {
	var out hint.Invocation
	for _, flag := range [][2]string{
		{"--account", s.Account},
		{"--region", s.Region},
		{"--profile", s.Profile},
		{"--kubeconfig", s.Kubeconfig},
		{"--context", s.Context},
		{"-n", s.Namespace},
	} {
		if flag[1] != "" {
			out = append(out, flag[:]...)
		}
	}
	return out
}

// KeySecretNames returns the names of the Kubernetes Secrets that hold the key: those given, else the script's
// "<user>-secret" made legal and the one that the gen3 chart reads.
func (s Settings) KeySecretNames() []string {
	if len(s.SecretNames) > 0 {
		return s.SecretNames
	}
	names := []string{legalSecretName(s.UserName + "-secret")}
	if names[0] != ChartSecretName {
		names = append(names, ChartSecretName)
	}
	return names
}

// legalSecretName lowers a name and turns each character that Kubernetes refuses in a Secret's name into a hyphen,
// so that the script's default "external_secrets_user-secret" has a legal counterpart.
func legalSecretName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		default:
			return '-'
		}
	}, strings.ToLower(name))
}

// Canary is a name that no secret has and that the policy covers: AWS answers for it that there is none, or that it may not be
// read, which tells a right from a missing one. A policy for exact names has no such name, and Canary is "".
func (s Settings) Canary() string {
	prefix := ""
	if len(s.SecretPrefixes) > 0 {
		prefix = s.SecretPrefixes[0]
	} else if len(s.ReadNames) > 0 {
		return "" // each may be there or not, and where it is not AWS does not tell a right from none
	}
	return prefix + "gen3-bootstrap-no-such-secret"
}

// UsesKeys reports whether this mode makes a user and mints a key for it.
func (s Settings) UsesKeys() bool { return !s.UseGlobalUser && !s.IRSA }

// usesPolicy reports whether this mode makes a policy.
func (s Settings) usesPolicy() bool { return s.IRSA || !s.UseGlobalUser }

// The ways for External Secrets Operator to sign in, as values names them in its document.
const (
	ModeKeys          = "keys"
	ModeGlobalUser    = "global-user"
	ModeIRSA          = "irsa"
	ModeIRSAAndGlobal = "irsa+global-user"
)

// ModeOf names the mode that the flags choose.
func (s Settings) ModeOf() string {
	switch {
	case s.IRSA && s.UseGlobalUser:
		return ModeIRSAAndGlobal
	case s.IRSA:
		return ModeIRSA
	case s.UseGlobalUser:
		return ModeGlobalUser
	default:
		return ModeKeys
	}
}
