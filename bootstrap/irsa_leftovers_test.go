package bootstrap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

const leftAccount = "123456789012"

func TestLeftovers(t *testing.T) {
	t.Parallel()
	keys := Recorded{Account: leftAccount, PolicyName: "p", UserName: "u", SecretNames: []string{"u-secret", ChartSecretName}}
	role := Recorded{Account: leftAccount, PolicyName: "p", RoleName: "r"}
	elsewhere := Recorded{Account: "2", UserName: "other"}
	after := func(last Recorded, earlier ...Recorded) *Recorded {
		return made(append(slices.Clone(earlier), last)...)
	}
	const policy = "IAM policy arn:aws:iam::" + leftAccount + ":policy/p,"
	for name, c := range map[string]struct {
		before *Recorded
		now    Settings
		want   []string
	}{
		"nothing recorded":        {nil, Settings{IRSA: true}, nil},
		"the same mode":           {after(keys), Settings{PolicyName: "p", UserName: "u"}, nil},
		"keys, then IRSA":         {after(keys), Settings{IRSA: true, PolicyName: "p"}, []string{"IAM user u,"}},
		"IRSA again":              {after(role, keys), Settings{IRSA: true, PolicyName: "p", RoleName: "r"}, []string{"IAM user u,"}},
		"IRSA, then keys":         {after(role), Settings{PolicyName: "p"}, []string{"IAM role r,"}},
		"keys, then global user":  {after(keys), Settings{UseGlobalUser: true, GlobalUserSecret: "own"}, []string{"IAM user u,", policy}},
		"other names":             {after(keys, role), Settings{PolicyName: "p2", UserName: "u2"}, []string{"IAM user u,", "IAM role r,", policy}},
		"another role":            {after(role), Settings{IRSA: true, PolicyName: "p", RoleName: "r2"}, []string{"IAM role r,"}},
		"the default role again":  {after(role), Settings{IRSA: true, PolicyName: "p", RoleName: "external-secrets-gen3-0a1b2c3d"}, []string{"IAM role r,"}},
		"in another account only": {after(elsewhere), Settings{IRSA: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.now.Account = leftAccount
			left := leftTarget(nil).leftoversOf(c.before, c.now)
			for i := range left.named {
				left.named[i].seen = true
			}
			got := left.warnings()
			if len(got) != len(c.want) {
				t.Fatalf("got %q", got)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) || !strings.Contains(got[i], "gen3-bootstrap teardown --only ") {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
	got := leftTarget(nil).leftoversOf(after(keys), Settings{Account: leftAccount, Namespace: "gen3", UseGlobalUser: true, GlobalUserSecret: ChartSecretName}).warnings()
	if len(got) != 2 || !strings.Contains(got[0], "Secrets gen3/u-secret, gen3/gen3-aws-config that hold that key; put the global user's key into gen3/gen3-aws-config before") ||
		!strings.Contains(got[0], "may still be there (with --use-global-user IAM is not asked)") {
		t.Errorf("a Secret of both modes: %q", got)
	}
}

// TestLeftoversAreLookedAt: what the record names need not exist, and need not be ours. Everybody with edit in the
// namespace writes the record.
func TestLeftoversAreLookedAt(t *testing.T) {
	t.Parallel()
	srv := awsfake.Start(t, awsfake.WithAccount(leftAccount))
	target := leftTarget(iamtest.At(t, srv.URL()))
	tag := func(owner string) []types.Tag {
		return []types.Tag{{Key: aws.String("managed-by"), Value: aws.String("gen3-bootstrap")}, {Key: aws.String("gen3-bootstrap/owner/" + owner), Value: aws.String("x")}}
	}
	ours := target.Owner().String()
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	const document = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}}`
	var ups []Recorded
	for name, tags := range map[string][]types.Tag{"mine": tag(ours), "theirs": tag("other/gen3"), "nobodys": nil} {
		_, err := target.Aws.IAM.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name, Tags: tags})
		_, roleErr := target.Aws.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, Tags: tags, AssumeRolePolicyDocument: aws.String(trust)})
		_, policyErr := target.Aws.IAM.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &name, Tags: tags, PolicyDocument: aws.String(document), Path: aws.String("/x/")})
		if err := errors.Join(err, roleErr, policyErr); err != nil {
			t.Fatal(err)
		}
		ups = append(ups, Recorded{Account: leftAccount, UserName: name, RoleName: name, PolicyName: name, IAMPath: "/x/"})
	}
	record := made(append(ups, Recorded{Account: leftAccount, UserName: "ghost", RoleName: "ghost", PolicyName: "ghost"})...)
	now := Settings{Account: leftAccount, UserName: "new", PolicyName: "new", RoleName: "new", IRSA: true}

	left := target.leftoversOf(record, now)
	left.Look(t.Context())
	got := left.warnings()
	if len(got) != 3 || !strings.HasPrefix(got[0], "IAM user mine, which an up in another mode made, is still there: ") ||
		!strings.HasPrefix(got[1], "IAM role mine, which an earlier up made, is still there: once nothing uses it, `gen3-bootstrap teardown --only irsa-role --role-name mine --account "+leftAccount+"`") ||
		!strings.HasPrefix(got[2], "IAM policy arn:aws:iam::"+leftAccount+":policy/x/mine, which") {
		t.Errorf("got %q", got)
	}

	defer srv.Deny("iam:GetUser")()
	defer srv.Deny("iam:GetRole")()
	left.Look(t.Context())
	got = left.warnings()
	if len(got) != 9 || !strings.Contains(strings.Join(got, "\n"), "IAM user ghost, which an up in another mode made as the record has it, may still be there (the caller may not look): ") {
		t.Errorf("denied: %q", got)
	}
}

// TestWithoutLeftoversNothingIsAsked: the usual case costs no call.
func TestWithoutLeftoversNothingIsAsked(t *testing.T) {
	t.Parallel()
	srv := awsfake.Start(t, awsfake.WithAccount(leftAccount))
	target := leftTarget(iamtest.At(t, srv.URL()))
	last := made(Recorded{Account: leftAccount, UserName: "u", PolicyName: "p"})
	global := Settings{Account: leftAccount, UseGlobalUser: true}
	for name, left := range map[string]*leftovers{
		"the same names": target.leftoversOf(last, Settings{Account: leftAccount, UserName: "u", PolicyName: "p"}),
		"global user":    target.leftoversOf(last, global),
		"no record":      target.leftoversOf(nil, global),
	} {
		srv.ResetCalls()
		left.Look(t.Context())
		if calls := srv.Calls(); len(calls) > 0 {
			t.Errorf("%s: %v", name, calls)
		}
	}
}

func TestManyLeftoversAreCounted(t *testing.T) {
	t.Parallel()
	var ups []Recorded
	for i := range 12 {
		ups = append(ups, Recorded{Account: leftAccount, UserName: fmt.Sprintf("u%d", i)})
	}
	record := made(ups...)
	now := Settings{Account: leftAccount, UseGlobalUser: true}
	if got := leftTarget(nil).leftoversOf(record, now).warnings(); len(got) != 11 || !strings.Contains(got[10], "2 more") {
		t.Errorf("got %q", got)
	}
	now.All = true
	if got := leftTarget(nil).leftoversOf(record, now).warnings(); len(got) != 12 {
		t.Errorf("all: %q", got)
	}
}

func leftTarget(account *iamsetup.AWS) *Target {
	return &Target{
		Settings: Settings{Account: leftAccount, Namespace: "gen3"}, ClusterID: "c1", Aws: account,
		Caller: iamsetup.Caller{Partition: "aws"}, Kube: &kube.Client{},
	}
}
