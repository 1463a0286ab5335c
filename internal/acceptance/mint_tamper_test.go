package acceptance

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// intentTag is the tag by which a user tells of a mint that has begun.
func intentTag(cluster, namespace string) string {
	return "gen3-bootstrap/minting/" + cluster + "/" + namespace
}

// TestIntentIsATagOfTheUser: before the call goes out the user says so, for this owner alone, and no more afterwards.
func TestIntentIsATagOfTheUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	var mu sync.Mutex
	var during map[string]string
	w.aws.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
		if c.Action == "CreateAccessKey" && phase == awsfake.Before {
			mu.Lock()
			defer mu.Unlock()
			during = w.aws.Snapshot()
		}
	})
	result := w.mustUp(t)
	tag := "user/" + w.settings.UserName + "/tag/" + intentTag(result.Cluster.ID, w.namespace)
	if _, announced := during[tag]; !announced {
		t.Errorf("CreateAccessKey went out before the user had the tag %s:\n%v", tag, during)
	}
	if value, left := w.aws.Snapshot()[tag]; left {
		t.Errorf("the tag %s is kept: %s", tag, value)
	}
	w.liveKey(t)
}

// tampering is what a tenant does to the record while a mint is under way. Others' keys, and the one that was made, are
// among those that it may name.
type tampering func(t *testing.T, w *world, x *tenant, foreign, made string)

func tamperings() map[string]tampering {
	return map[string]tampering{
		"nothing": func(*testing.T, *world, *tenant, string, string) {},
		"record deleted": func(t *testing.T, _ *world, x *tenant, _, _ string) {
			t.Helper()
			x.deleteRecord(t)
		},
		"intent taken out": func(t *testing.T, _ *world, x *tenant, _, _ string) {
			t.Helper()
			x.tamper(t, func(record *corev1.ConfigMap) {
				for entry := range record.Data {
					if entry != "settings" {
						delete(record.Data, entry)
					}
				}
			})
		},
		"foreign key claimed": func(t *testing.T, w *world, x *tenant, foreign, _ string) {
			t.Helper()
			x.tamper(t, func(record *corev1.ConfigMap) {
				record.Data["mints"] = claimedMints(t, w, w.settings.UserName, foreign)
			})
		},
		"new key said to be old": func(t *testing.T, w *world, x *tenant, foreign, made string) {
			t.Helper()
			x.tamper(t, func(record *corev1.ConfigMap) {
				record.Data["mints"] = asJSON(t, []map[string]any{{
					"userName": w.settings.UserName, "userId": w.userID(w.settings.UserName), "existing": []string{foreign, made}, "state": "open",
					"started": time.Now(), "deadline": time.Now().Add(time.Hour),
				}})
			})
		},
		"mints of another user": func(t *testing.T, w *world, x *tenant, _, made string) {
			t.Helper()
			x.tamper(t, func(record *corev1.ConfigMap) { record.Data["mints"] = claimedMints(t, w, "admin", made) })
		},
		"new key in a forged Secret": func(t *testing.T, _ *world, x *tenant, _, made string) {
			t.Helper()
			x.deleteRecord(t)
			x.editSecret(t, "external-secrets-user-secret", func(s *corev1.Secret) {
				s.Data[keyID], s.Data[keyHalf] = []byte(made), []byte("nonsense")
			})
		},
		"foreign key in a forged Secret": func(t *testing.T, _ *world, x *tenant, foreign, _ string) {
			t.Helper()
			x.editSecret(t, "external-secrets-user-secret", func(s *corev1.Secret) {
				s.Data[keyID], s.Data[keyHalf] = []byte(foreign), []byte("nonsense")
			})
		},
	}
}

// TestMintsUnderTampering kills a run right after AWS has made its key, loses the answer, or has IAM lag meanwhile, and
// then the tenant tampers. The next up ends with exactly one live key of ours, equal to what the Secrets hold, and the
// foreign key lives.
func TestMintsUnderTampering(t *testing.T) {
	t.Parallel()
	const lag = 500 * time.Millisecond
	for wayName, way := range map[string]struct {
		lag  bool
		kind awsfake.Kind
		kill bool
	}{
		"killed":           {kind: awsfake.KillAfter, kill: true},
		"killed under lag": {kind: awsfake.KillAfter, kill: true, lag: true},
		"answer lost":      {kind: awsfake.LostReply},
	} {
		for tamperName, tamper := range tamperings() {
			t.Run(wayName+", "+tamperName, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, anySandbox(t), awsfake.WithSeed(rand.Uint64()))
				foreign := loseSecrets(t, w)[0]
				w.aws.SetKeyCreated(foreign, time.Now().Add(-time.Hour))
				before := w.aws.Keys("admin")
				x := newTenant(t, w.sandbox, w.namespace)
				if way.lag {
					w.aws.DelayVisibility(lag, false)
					w.settings.Timing.Settle = 2 * lag
				}
				p := w.command(t, "up")
				meddle := sync.OnceFunc(func() { tamper(t, w, x, foreign, newest(w, foreign)) })
				w.aws.Fault(awsfake.Fault{Action: "CreateAccessKey", N: 1, Kind: way.kind, Hook: func(awsfake.Phase, awsfake.Call) { p.signal(os.Kill) }})
				w.aws.OnCall(func(phase awsfake.Phase, c awsfake.Call) {
					if !way.kill && c.Action == "CreateAccessKey" && phase == awsfake.After {
						meddle()
					}
				})
				code := w.run(t, p)
				if way.kill && code != -1 {
					t.Fatalf("the process was to be killed and ended with %d:\n%s", code, p.stderr.String())
				}
				meddle()
				result, err := w.up(t.Context())
				if err != nil {
					t.Fatalf("the up afterwards: %v\n%s", err, problems(result))
				}
				w.liveKeyBeside(t, foreign)
				poll(t, "an account that shows all that was written", w.aws.Settled)
				w.mustBeConverged(t)
				if after := w.aws.Keys("admin"); !slices.Equal(before, after) {
					t.Errorf("the administrator's keys were %v and are %v", before, after)
				}
				for name := range w.aws.Snapshot() {
					if strings.Contains(name, "gen3-bootstrap/minting") {
						t.Errorf("a mint is still announced: %s", name)
					}
				}
			})
		}
	}
}

// newest is the key that was made last, but for the foreign one.
func newest(w *world, foreign string) string {
	for _, k := range slices.Backward(w.aws.Keys(w.settings.UserName)) {
		if k.ID != foreign {
			return k.ID
		}
	}
	return ""
}
