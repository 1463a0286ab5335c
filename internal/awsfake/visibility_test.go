package awsfake_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// late is a server whose reads are ten seconds behind.
func late(t *testing.T, flap bool) (*awsfake.Server, *clock) {
	t.Helper()
	c := &clock{now: time.Now()}
	return awsfake.Start(t, awsfake.WithClock(c.Now), awsfake.WithVisibilityDelay(10*time.Second, flap)), c
}

func TestEntitiesAreHiddenAtFirst(t *testing.T) {
	srv, clock := late(t, false)
	c, ctx, u := admin(srv).iam, t.Context(), aws.String("es")
	get := func() error { _, err := c.GetUser(ctx, &iam.GetUserInput{UserName: u}); return err }
	wantCode(t, createUser(ctx, admin(srv), "es"), "")
	wantCode(t, get(), "NoSuchEntity")
	wantCode(t, createUser(ctx, admin(srv), "es"), "EntityAlreadyExists")
	_, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: u})
	wantCode(t, err, "NoSuchEntity")
	clock.pass(10 * time.Second)
	wantCode(t, get(), "")
	must[*iam.DeleteUserOutput](t)(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: u}))
	wantCode(t, get(), "NoSuchEntity")
	list := func() int { return len(must[*iam.ListUsersOutput](t)(c.ListUsers(ctx, &iam.ListUsersInput{})).Users) }
	if n := list(); n != 2 {
		t.Errorf("%d users listed, want the deleted one still", n)
	}
	clock.pass(10 * time.Second)
	if n := list(); n != 1 {
		t.Errorf("%d users listed, want none but the admin", n)
	}
}

func TestKeysAreHiddenAtFirst(t *testing.T) {
	srv, clock := late(t, false)
	c, ctx, u := admin(srv).iam, t.Context(), aws.String("es")
	must[string](t)(srv.AddUser("es", nil))
	key := must[*iam.CreateAccessKeyOutput](t)(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: u})).AccessKey
	es := as(srv, *key.AccessKeyId, *key.SecretAccessKey, "")
	listed := func() int {
		return len(must[*iam.ListAccessKeysOutput](t)(c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: u})).AccessKeyMetadata)
	}
	remove := func() error {
		_, err := c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: u, AccessKeyId: key.AccessKeyId})
		return err
	}
	_, err := es.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId")
	wantCode(t, remove(), "NoSuchEntity")
	if n := listed(); n != 0 || len(srv.Keys("es")) != 1 {
		t.Errorf("%d keys listed at first, and %d are there", n, len(srv.Keys("es")))
	}
	clock.pass(10 * time.Second)
	_, err = es.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "")
	wantCode(t, remove(), "")
	if n := listed(); n != 1 {
		t.Errorf("%d keys listed after the delete, want the deleted one still", n)
	}
	clock.pass(10 * time.Second)
	if n := listed(); n != 0 {
		t.Errorf("%d keys listed in the end", n)
	}
}

func TestChangesAreHiddenAtFirst(t *testing.T) {
	srv, clock := late(t, false)
	c, ctx, u := admin(srv).iam, t.Context(), aws.String("es")
	must[string](t)(srv.AddUser("es", map[string]string{"a": "1"}))
	policy := aws.String(must[string](t)(srv.AddPolicy("p", readSecrets, nil)))
	must[*iam.TagUserOutput](t)(c.TagUser(ctx, &iam.TagUserInput{UserName: u, Tags: sdkTags("a", "2")}))
	clock.pass(6 * time.Second)
	must[*iam.TagUserOutput](t)(c.TagUser(ctx, &iam.TagUserInput{UserName: u, Tags: sdkTags("b", "1")}))
	must[*iam.AttachUserPolicyOutput](t)(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: u, PolicyArn: policy}))
	must[*iam.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
		PolicyArn: policy, PolicyDocument: aws.String(readSecrets), SetAsDefault: true,
	}))
	seen := func() string {
		tags := asMap(must[*iam.GetUserOutput](t)(c.GetUser(ctx, &iam.GetUserInput{UserName: u})).User.Tags)
		attached := must[*iam.ListAttachedUserPoliciesOutput](t)(c.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: u}))
		version := must[*iam.GetPolicyOutput](t)(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: policy})).Policy.DefaultVersionId
		return fmt.Sprintf("%v %d %s", tags, len(attached.AttachedPolicies), *version)
	}
	got := []string{seen()}
	for range 2 {
		clock.pass(5 * time.Second)
		got = append(got, seen())
	}
	if diff := cmp.Diff([]string{"map[a:1] 0 v1", "map[a:2] 0 v1", "map[a:2 b:1] 1 v2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFlappingShowsBothAndSettles(t *testing.T) {
	srv, clock := late(t, true)
	c, ctx := admin(srv).iam, t.Context()
	wantCode(t, createUser(ctx, admin(srv), "es"), "")
	seen := map[string]int{}
	for range 40 {
		_, err := c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("es")})
		seen[code(err)]++
	}
	if srv.Settled() {
		t.Error("settled within the delay")
	}
	if seen[""] < 5 || seen["NoSuchEntity"] < 5 {
		t.Errorf("within the delay: %v", seen)
	}
	clock.pass(10 * time.Second)
	if !srv.Settled() {
		t.Error("not settled after the delay")
	}
	for range 10 {
		_, err := c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("es")})
		wantCode(t, err, "")
	}
}

func TestDelayOfOneClass(t *testing.T) {
	srv := awsfake.Start(t)
	srv.DelayVisibility(time.Hour, false, awsfake.Credentials)
	c, ctx := admin(srv).iam, t.Context()
	wantCode(t, createUser(ctx, admin(srv), "es"), "")
	key := must[*iam.CreateAccessKeyOutput](t)(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("es")})).AccessKey
	_, err := as(srv, *key.AccessKeyId, *key.SecretAccessKey, "").sts.GetCallerIdentity(ctx, nil)
	wantCode(t, err, "InvalidClientTokenId")
	must[*iam.DeleteAccessKeyOutput](t)(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("es"), AccessKeyId: key.AccessKeyId}))
}
