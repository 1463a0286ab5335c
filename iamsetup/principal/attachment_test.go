package principal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const narrowARN = "arn:aws:iam::" + iamtest.AccountID + ":policy/narrow"

// bearing is a step that attaches a policy to something that others can share.
type bearing interface {
	iamtest.Step
	Warnings() []string
}

// carrierKind is one of the two kinds of it, for tests of what holds for both.
type carrierKind struct {
	flag, arn string
	of        func(api *iam.Client, namespace string) bearing
	bounded   func(api *iam.Client, namespace, boundary string) bearing
	policy    func(s bearing, arn string) bearing
}

func carrierKinds() map[string]carrierKind {
	return map[string]carrierKind{
		"user": {
			flag: "--user-name", arn: "arn:aws:iam::" + iamtest.AccountID + ":user/es",
			of: func(api *iam.Client, namespace string) bearing { return userFor(api, namespace) },
			bounded: func(api *iam.Client, namespace, boundary string) bearing {
				u := userFor(api, namespace)
				u.Boundary = boundary
				return u
			},
			policy: func(s bearing, arn string) bearing { s.(*user.Up).PolicyARN = arn; return s },
		},
		"role": {
			flag: "--role-name", arn: "arn:aws:iam::" + iamtest.AccountID + ":role/gen3/shared",
			of: func(api *iam.Client, namespace string) bearing { return roleFor(api, namespace) },
			bounded: func(api *iam.Client, namespace, boundary string) bearing {
				r := roleFor(api, namespace)
				r.Boundary = boundary
				return r
			},
			policy: func(s bearing, arn string) bearing { s.(*role.Up).PolicyARN = arn; return s },
		},
	}
}

func forCarriers(t *testing.T, test func(*testing.T, carrierKind, *awsfake.Server, *iam.Client), opts ...awsfake.Option) {
	t.Helper()
	for name, kind := range carrierKinds() {
		t.Run(name, func(t *testing.T) {
			srv, api := iamtest.WithPolicy(t, opts...)
			_, err := srv.AddPolicy("narrow", iamtest.ReadAll, nil)
			iamtest.Check(t, err)
			test(t, kind, srv, api)
		})
	}
}

func TestPolicyBesideAnothersIsNotAttached(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, srv *awsfake.Server, api *iam.Client) {
		iamtest.Converge(t, kind.of(api, "a"))
		srv.ResetCalls()
		second := kind.policy(kind.of(api, "b"), narrowARN)
		changes := iamtest.Converge(t, second)
		if len(plan.BlockedIn(changes)) != 1 || changes[1].Action != plan.Blocked {
			t.Fatalf("got %+v", changes)
		}
		iamtest.WantReason(t, changes, "c1/a", iamtest.PolicyARN, narrowARN, kind.flag)
		iamtest.WantNoWrites(t, srv)
		iamtest.WantWarning(t, second.Warnings()) // the obstacle says it
	})
}

// The same for the one who was there first and now wants another policy.
func TestPolicyOfASharedCarrierIsNotChanged(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, _ *awsfake.Server, api *iam.Client) {
		iamtest.Converge(t, kind.of(api, "a"))
		iamtest.Converge(t, kind.of(api, "b"))
		changes := iamtest.Converge(t, kind.policy(kind.of(api, "a"), narrowARN))
		if len(plan.BlockedIn(changes)) != 1 {
			t.Fatalf("got %+v", changes)
		}
		iamtest.WantReason(t, changes, "c1/b", kind.flag)
	})
}

func TestPolicyOfTwoFirstRunsOnOneCarrier(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, srv *awsfake.Server, api *iam.Client) {
		err := iamtest.Race(t, kind.of(api, "a"), kind.policy(kind.of(api, "b"), narrowARN))
		iamtest.WantError(t, err, "somebody else made it meanwhile", "c1/a", kind.flag)
		for name := range srv.Snapshot() {
			if strings.HasSuffix(name, "/attached/"+narrowARN) {
				t.Errorf("attached: %s", name)
			}
		}
	})
}

// Where nothing is attached any more, attaching repairs.
func TestPolicyThatWasTakenOffIsAttachedAgain(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, _ *awsfake.Server, api *iam.Client) {
		iamtest.Converge(t, kind.of(api, "a"))
		iamtest.Converge(t, kind.of(api, "b"))
		detach(t, api)
		if changes := iamtest.Converge(t, kind.of(api, "a")); iamtest.Actions(changes) != "none create" {
			t.Errorf("got %+v", changes)
		}
	})
}

// detach takes the policy off whichever of the two there is.
func detach(t *testing.T, api *iam.Client) {
	t.Helper()
	user, role, arn := "es", "shared", iamtest.PolicyARN
	_, err := api.DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: &user, PolicyArn: &arn})
	if err != nil {
		_, err = api.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: &role, PolicyArn: &arn})
	}
	iamtest.Check(t, err)
}

func TestPolicyBesideTheWantedIsTold(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, _ *awsfake.Server, api *iam.Client) {
		first := kind.of(api, "a")
		iamtest.Converge(t, first)
		iamtest.WantWarning(t, first.Warnings())
		narrowed := kind.policy(kind.of(api, "a"), narrowARN)
		if changes := iamtest.Converge(t, narrowed); iamtest.Actions(changes) != "none create" {
			t.Fatalf("got %+v", changes)
		}
		name := kind.arn[strings.LastIndex(kind.arn, "/")+1:]
		noun := strings.TrimSuffix(strings.TrimPrefix(kind.flag, "--"), "-name")
		iamtest.WantWarning(t, narrowed.Warnings(), "IAM "+noun+" "+name+" also has policy "+iamtest.PolicyARN,
			"aws iam detach-"+noun+"-policy "+kind.flag+" "+name+" --policy-arn "+iamtest.PolicyARN)

		shared := kind.policy(kind.of(api, "b"), narrowARN)
		iamtest.Converge(t, shared) // its policy is there, so that nothing changes for anybody
		iamtest.WantWarning(t, shared.Warnings(), iamtest.PolicyARN, "is shared with c1/a", kind.flag)
	})
}

func TestPolicyBesideTheWantedOnWhatIsForeign(t *testing.T) {
	srv, api := iamtest.WithPolicy(t)
	user, err := srv.AddUser("es", nil)
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach(user, iamtest.PolicyARN))
	iamtest.Check(t, srv.Attach(user, "arn:aws:iam::aws:policy/IAMReadOnlyAccess"))
	u := userFor(api, "a")
	iamtest.Converge(t, u)
	iamtest.WantWarning(t, u.Warnings(), "IAMReadOnlyAccess", "was not created by gen3-bootstrap", "--user-name")
	u.Adopt = true
	iamtest.Converge(t, u)
	iamtest.WantWarning(t, u.Warnings(), "IAMReadOnlyAccess", "aws iam detach-user-policy")
}

// attachMany attaches n policies of the account.
func attachMany(t *testing.T, srv *awsfake.Server, arn string, n int) {
	t.Helper()
	for i := range n {
		policy, err := srv.AddPolicy(fmt.Sprint("full", i), iamtest.ReadAll, nil)
		iamtest.Check(t, err)
		iamtest.Check(t, srv.Attach(arn, policy))
	}
}

func TestPolicyWithoutRoomForIt(t *testing.T) {
	for name, test := range map[string]struct {
		quota, have int
		denied      bool
		want        string
	}{
		"default":                  {10, 10, false, "none blocked"},
		"room for one":             {10, 9, false, "none create"},
		"raised":                   {20, 10, false, "none create"},
		"raised, and used up":      {12, 12, false, "none blocked"},
		"not told":                 {10, 10, true, "none blocked"},
		"not told, clearly raised": {12, 11, true, "none create"},
	} {
		t.Run(name, func(t *testing.T) {
			forCarriers(t, func(t *testing.T, kind carrierKind, srv *awsfake.Server, api *iam.Client) {
				iamtest.Converge(t, kind.of(api, "a"))
				detach(t, api)
				attachMany(t, srv, kind.arn, test.have)
				if test.denied {
					srv.Fault(awsfake.Fault{Action: "GetAccountSummary", Kind: awsfake.AccessDenied})
				}
				srv.ResetCalls()
				changes := iamtest.Converge(t, kind.of(api, "a"))
				if iamtest.Actions(changes) != test.want {
					t.Fatalf("got %+v", changes)
				}
				if test.want == "none blocked" {
					iamtest.WantReason(t, changes, fmt.Sprint("IAM allows ", test.quota), "detach-", kind.flag)
					iamtest.WantNoWrites(t, srv)
				}
			}, awsfake.WithAttachedQuota(test.quota))
		})
	}
}

func TestBoundaryThatIsNotThere(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, srv *awsfake.Server, api *iam.Client) {
		const gone = "arn:aws:iam::" + iamtest.AccountID + ":policy/no-such-boundary"
		want := func(s bearing) {
			t.Helper()
			changes := iamtest.Converge(t, s)
			if changes[0].Action != plan.Blocked {
				t.Fatalf("got %+v", changes)
			}
			iamtest.WantReason(t, changes, gone, "--permissions-boundary")
			iamtest.WantNoWrites(t, srv)
		}
		want(kind.bounded(api, "a", gone))
		iamtest.Converge(t, kind.of(api, "a"))
		srv.ResetCalls()
		want(kind.bounded(api, "a", gone))
	})
}

func TestBoundaryThatMayNotBeRead(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, srv *awsfake.Server, api *iam.Client) {
		srv.Fault(awsfake.Fault{Action: "GetPolicy", Kind: awsfake.AccessDenied})
		if changes := iamtest.Converge(t, kind.bounded(api, "a", narrowARN)); iamtest.Actions(changes) != "create create" {
			t.Errorf("got %+v", changes)
		}
	})
}

// What is up to date is not asked for.
func TestBoundaryThatIsSetAlready(t *testing.T) {
	forCarriers(t, func(t *testing.T, kind carrierKind, srv *awsfake.Server, api *iam.Client) {
		iamtest.Converge(t, kind.bounded(api, "a", narrowARN))
		srv.ResetCalls()
		iamtest.Converge(t, kind.bounded(api, "a", narrowARN))
		for _, c := range srv.Calls() {
			if c.Action == "GetPolicy" || c.Action == "GetAccountSummary" {
				t.Errorf("called %s", c.Name())
			}
		}
	})
}

// A boundary may be the policy that the same run makes.
func TestBoundaryThatThisRunMakes(t *testing.T) {
	_, api := iamtest.Start(t)
	u := userFor(api, "a")
	u.Boundary = u.PolicyARN
	changes, err := u.Observe(context.WithoutCancel(t.Context()))
	iamtest.Check(t, err)
	if iamtest.Actions(changes) != "create create" {
		t.Errorf("got %+v", changes)
	}
}
