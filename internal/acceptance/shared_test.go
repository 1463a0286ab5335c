package acceptance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// TestOwnersShareAUser has two namespaces with one user: both get their key, a third is told who holds the two, and up
// for one never touches the other's.
func TestOwnersShareAUser(t *testing.T) {
	t.Parallel()
	account := awsfake.Start(t)
	first := newWorldOn(t, anySandbox(t), account)
	second := newWorldOn(t, anySandbox(t), account)
	third := newWorldOn(t, anySandbox(t), account)

	first.mustUp(t)
	a := account.Keys(first.settings.UserName)[0].ID
	second.mustUp(t)
	b := second.liveKeyBeside(t, a)
	first.liveKeyBeside(t, b)
	first.mustBeConverged(t)
	second.mustBeConverged(t)

	account.ResetCalls()
	result, err := third.up(t.Context())
	if err == nil || !hasProblem(result, first.namespace) || !hasProblem(result, second.namespace) {
		t.Errorf("the third owner is not told who holds the two keys: %v\n%s", err, problems(result))
	}
	if writes := account.Writes(); len(writes) > 0 {
		t.Errorf("the refused run wrote %v", writes)
	}
	check(t, "delete Secret", first.kube.CoreV1().Secrets(first.namespace).Delete(t.Context(), bootstrap.ChartSecretName, metav1.DeleteOptions{}))
	first.mustUp(t)
	first.liveKeyBeside(t, b)
	second.liveKeyBeside(t, a)
}

// TestTwoClustersShareAUser is the same with two real clusters.
func TestTwoClustersShareAUser(t *testing.T) {
	t.Parallel()
	account := awsfake.Start(t)
	first, second := newWorldOn(t, anySandbox(t), account), newWorldOn(t, ownSandbox(t), account)
	a := first.mustUp(t)
	b := second.mustUp(t)
	if a.Cluster.ID == b.Cluster.ID {
		t.Fatalf("both clusters have the id %s", a.Cluster.ID)
	}
	first.liveKeyBeside(t, b.Outputs.AccessKeyID)
	second.liveKeyBeside(t, a.Outputs.AccessKeyID)
	first.mustBeConverged(t)
}

// TestSharedPolicyIsNotChangedUnderAnother is two regions, or two prefixes, on one policy name.
func TestSharedPolicyIsNotChangedUnderAnother(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*bootstrap.Settings){
		"other region": func(s *bootstrap.Settings) { s.Region = "eu-west-1" },
		"other prefix": func(s *bootstrap.Settings) { s.SecretPrefixes = []string{"prod/"} },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := awsfake.Start(t)
			first, second := newWorldOn(t, anySandbox(t), account), newWorldOn(t, anySandbox(t), account)
			first.mustUp(t)
			change(&second.settings)
			account.ResetCalls()
			result, err := second.up(t.Context())
			if err == nil || !hasProblem(result, first.namespace) || !hasProblem(result, "--policy-name") {
				t.Errorf("error %v, without the owner and the way out:\n%s", err, problems(result))
			}
			if writes := account.Writes(); len(writes) > 0 {
				t.Errorf("the refused run wrote %v", writes)
			}
		})
	}
}

// TestConcurrentRunsMintOneKey starts two runs for one namespace at random offsets, many times.
func TestConcurrentRunsMintOneKey(t *testing.T) {
	t.Parallel()
	rounds := 6
	if fullMatrix() {
		rounds = 60
	}
	for range rounds {
		w := newWorld(t, anySandbox(t))
		w.settings.LockTimeout = 30 * time.Second
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				delay := time.NewTimer(rand.N(300 * time.Millisecond))
				<-delay.C
				if result, err := w.up(t.Context()); err != nil && !errors.Is(err, bootstrap.ErrInterrupted) {
					t.Errorf("one of two runs: %v\n%s", err, problems(result))
				}
			})
		}
		group.Wait()
		w.liveKey(t)
		minted := 0
		for _, c := range w.aws.Calls() {
			if c.Action == "CreateAccessKey" {
				minted++
			}
		}
		if minted != 1 {
			t.Errorf("two runs at once minted %d keys", minted)
		}
		w.mustBeConverged(t)
	}
}

// TestConcurrentOwnersOfOneUser starts runs for two namespaces that share a user.
func TestConcurrentOwnersOfOneUser(t *testing.T) {
	t.Parallel()
	rounds := 3
	if fullMatrix() {
		rounds = 30
	}
	for range rounds {
		account := awsfake.Start(t)
		worlds := []*world{newWorldOn(t, anySandbox(t), account), newWorldOn(t, anySandbox(t), account)}
		var group sync.WaitGroup
		for _, w := range worlds {
			group.Go(func() {
				delay := time.NewTimer(rand.N(200 * time.Millisecond))
				<-delay.C
				result, err := w.up(t.Context())
				if err != nil && !strings.Contains(problems(result), "minting") {
					t.Errorf("one of two owners: %v\n%s", err, problems(result))
				}
			})
		}
		group.Wait()
		for _, w := range worlds {
			w.mustUp(t)
		}
		keys := account.Keys(worlds[0].settings.UserName)
		if len(keys) != 2 {
			t.Fatalf("two owners have %d keys", len(keys))
		}
		for _, w := range worlds {
			w.mustBeConverged(t)
		}
	}
}

// TestEventualConsistency hides what is new for a while, and then shows it only now and then.
func TestEventualConsistency(t *testing.T) {
	t.Parallel()
	lags, rounds := []time.Duration{500 * time.Millisecond}, 4 // flapping is a matter of chance
	if fullMatrix() {
		lags, rounds = append(lags, 15*time.Second), 16
	}
	for _, lag := range lags {
		for round := range rounds {
			flap := round > 0
			t.Run(fmt.Sprintf("%s flapping %v", lag, flap), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, anySandbox(t), awsfake.WithVisibilityDelay(lag, flap), awsfake.WithSeed(rand.Uint64()))
				w.settings.Timing.Settle = lag + lag/3
				w.settings.Timing.MintDeadline = 4 * lag
				w.settings.Timeout = 5 * time.Minute
				w.mustUp(t)
				w.liveKey(t)
				if !strings.Contains(w.output.String(), "Type:waiting") {
					t.Error("nothing says what the run waited for")
				}
				poll(t, "an account that shows all that was written", w.aws.Settled)
				w.mustBeConverged(t)
			})
		}
	}
}
