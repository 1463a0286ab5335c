package awsfake_test

import (
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestSnapshot(t *testing.T) {
	srv := awsfake.Start(t)
	if diff := cmp.Diff(map[string]string{}, srv.Snapshot()); diff != "" {
		t.Error(diff)
	}
	u := must[string](t)(srv.AddUser("es", map[string]string{"owner": "me"}))
	key := must[string](t)(srv.AddKey("es"))
	p := must[string](t)(srv.AddPolicy("p", readSecrets, nil))
	must[string](t)(srv.AddRole("r", trustEC2, nil))
	wantCode(t, srv.Attach(u, p), "")
	got := srv.Snapshot()
	for _, k := range []string{"user/es", "policy/" + p, "role/r"} {
		if got[k] == "" {
			t.Errorf("no %s", k)
		}
		delete(got, k) // they hold unique ids
	}
	want := map[string]string{
		"user/es/tag/owner": "me", "user/es/key/" + key: "Active", "user/es/attached/" + p: "",
		"policy/" + p + "/version/v1": readSecrets, "role/r/trust": trustEC2, "role/r/session": " 3600",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if calls := srv.Calls(); len(calls) != 0 {
		t.Errorf("seeding was recorded: %v", calls)
	}
}

func TestSeededNamesMayHavePaths(t *testing.T) {
	srv := awsfake.New()
	got := []string{
		must[string](t)(srv.AddUser("/gen3/es", nil)), must[string](t)(srv.AddPolicy("/gen3/a/p", readSecrets, nil)),
		must[string](t)(srv.AddRole("/r", trustEC2, nil)),
	}
	const arn = "arn:aws:iam::123456789012:"
	if diff := cmp.Diff([]string{arn + "user/gen3/es", arn + "policy/gen3/a/p", arn + "role/r"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestServersOfOneSeedMintTheSame(t *testing.T) {
	mint := func(opts ...awsfake.Option) string {
		srv := awsfake.New(opts...)
		must[string](t)(srv.AddUser("es", nil))
		return must[string](t)(srv.AddKey("es"))
	}
	if a, b, c := mint(), mint(), mint(awsfake.WithSeed(7)); a != b || a == c {
		t.Errorf("minted %s, %s and, of another seed, %s", a, b, c)
	}
}

func TestManyAtOnce(t *testing.T) {
	srv := awsfake.Start(t)
	must[string](t)(srv.AddUser("es", nil))
	c := admin(srv).iam
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("es")})
			if got := code(err); got != "" && got != "LimitExceeded" {
				t.Error(err)
			}
			srv.Snapshot()
			srv.Calls()
		})
	}
	wg.Wait()
	if n := len(srv.Keys("es")); n != 2 {
		t.Errorf("%d keys", n)
	}
	seen := map[string]bool{}
	for _, call := range srv.Calls() {
		seen[call.Name()] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d names for 20 calls", len(seen))
	}
}
