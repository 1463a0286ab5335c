package acceptance

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// What proves that a key is ours is a tag on its user. These are keys that work, stand in Secrets, and carry none.

// scriptWorld is what a script left: a user with a policy and keys, and a Secret with the first of them. No mark anywhere.
func scriptWorld(t *testing.T, keys int) (w *world, ids []string) {
	t.Helper()
	w = newWorld(t, anySandbox(t), awsfake.WithSeed(rand.Uint64()))
	w.settings.UserName = "script2"
	user, err := w.aws.AddUser("script2", nil)
	check(t, "add user", err)
	policy, err := w.aws.AddPolicy(w.settings.PolicyName, upToDate(t, w), nil)
	check(t, "add policy", err)
	check(t, "attach policy", w.aws.Attach(user, policy))
	for range keys {
		id, err := w.aws.AddKey("script2")
		check(t, "add key", err)
		w.aws.SetKeyCreated(id, time.Now().Add(-24*time.Hour))
		ids = append(ids, id)
	}
	w.storeForeign(t, w.namespace, bootstrap.ChartSecretName, ids[0], "")
	return w, ids
}

// upToDate is the document of a policy that up leaves as it is: the one that it makes itself.
func upToDate(t *testing.T, like *world) string {
	t.Helper()
	other := newWorld(t, like.sandbox)
	other.mustUp(t)
	for name, text := range other.aws.Snapshot() {
		if strings.Contains(name, "/version/") {
			return text
		}
	}
	t.Fatal("up made no policy")
	return ""
}

// mustKeep says that keys live, and nothing but marks of ours changed in the account.
func (w *world) mustKeep(t *testing.T, what string, before map[string]string) {
	t.Helper()
	after := w.aws.Snapshot()
	for name, was := range before {
		if now, ok := after[name]; !ok || now != was {
			t.Errorf("after %s: IAM had %s = %q and has %q (there: %v)", what, name, was, now, ok)
		}
	}
}

// TestKeyOfAScriptOutlivesItsSecret is nobody's fault: up uses the script's key, its owner removes the script's Secret, as
// up's own hint tells, and the next up makes it anew from the other one, now with our label. The label is no proof.
func TestKeyOfAScriptOutlivesItsSecret(t *testing.T) {
	t.Parallel()
	w, ids := scriptWorld(t, 1)
	before := w.aws.Snapshot()
	w.mustUp(t)
	check(t, "delete Secret", w.kube.CoreV1().Secrets(w.namespace).Delete(t.Context(), bootstrap.ChartSecretName, metav1.DeleteOptions{}))
	w.mustUp(t)
	if id := string(w.secret(t, bootstrap.ChartSecretName).Data[keyID]); id != ids[0] {
		t.Errorf("the Secret holds %s and not the script's key %s", id, ids[0])
	}
	w.mustBeConverged(t)
	result, err := w.do(t.Context(), "teardown")
	if err != nil {
		t.Errorf("teardown: %v\n%s", err, problems(result))
	}
	w.mustKeep(t, "teardown", before)
	if after := w.aws.Snapshot(); !maps.Equal(before, after) {
		t.Errorf("teardown left:\n%s", differences(before, after))
	}
	if text := changes(result) + problems(result) + strings.Join(bootstrap.Messages(result.Warnings), "\n"); advisesToDelete(text, ids[0]) {
		t.Errorf("teardown advises to delete the script's key:\n%s", text)
	}
}

func advisesToDelete(text, id string) bool {
	return slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool {
		return strings.Contains(line, "delete-access-key") && strings.Contains(line, id)
	})
}

func saysOurs(text, id string) bool {
	return regexp.MustCompile(`(?m)\b` + id + `\b.*, ours\b`).MatchString(text)
}

// TestKeysOfAnUnmarkedUserAreNeverDeleted has a tenant claim both keys of such a user, in the ways in which keys were
// once told to be ours. The one in the Secret is used, and no command deletes either or advises to.
func TestKeysOfAnUnmarkedUserAreNeverDeleted(t *testing.T) {
	t.Parallel()
	claims := map[string]func(t *testing.T, w *world, x *tenant, ids []string){
		"no claim": func(*testing.T, *world, *tenant, []string) {},
		"Secrets with our label": func(t *testing.T, _ *world, x *tenant, ids []string) {
			t.Helper()
			x.editSecret(t, bootstrap.ChartSecretName, func(s *corev1.Secret) { s.Labels = mark() })
			x.editSecret(t, "script2-secret", func(s *corev1.Secret) {
				s.Data[keyID], s.Data[keyHalf] = []byte(ids[1]), []byte("nonsense")
			})
		},
		"mints in the record": func(t *testing.T, w *world, x *tenant, ids []string) {
			t.Helper()
			x.tamper(t, func(record *corev1.ConfigMap) { record.Data["mints"] = claimedMints(t, w, "script2", ids...) })
		},
	}
	for name, claim := range claims {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ids := scriptWorld(t, 2)
			x := newTenant(t, w.sandbox, w.namespace)
			before := w.aws.Snapshot()
			w.mustUp(t)
			if name != "Secrets with our label" {
				w.mustBeConverged(t)
			}
			for _, command := range []string{"status", "plan", "up", "teardown"} {
				claim(t, w, x, ids)
				p := w.command(t, command, "--user-name", "script2")
				w.run(t, p)
				w.mustKeep(t, command, before)
				for _, id := range ids {
					if advisesToDelete(p.text(), id) {
						t.Errorf("%s advises to delete key %s:\n%s", command, id, p.text())
					}
					if command == "status" && saysOurs(p.text(), id) {
						t.Errorf("status says that key %s is ours:\n%s", id, p.text())
					}
				}
			}
		})
	}
}

// claimedMints are entries that once stood in the record, for keys that none of our runs made.
func claimedMints(t *testing.T, w *world, user string, ids ...string) string {
	t.Helper()
	userID := w.userID(user)
	mints := []map[string]any{{
		"userName": user, "userId": userID, "existing": []string{}, "state": "open",
		"started": time.Now().Add(-48 * time.Hour), "deadline": time.Now().Add(time.Hour),
	}}
	for _, id := range ids {
		for _, state := range []string{"open", "stored", "undone"} {
			mints = append(mints, map[string]any{
				"userName": user, "userId": userID, "existing": []string{}, "keyId": id, "state": state,
				"started": time.Now().Add(-48 * time.Hour), "deadline": time.Now().Add(time.Hour), "closed": time.Now(),
			})
		}
	}
	return asJSON(t, mints)
}

// userID is the user's unique id.
func (w *world) userID(user string) string {
	fields := strings.Fields(w.aws.Snapshot()["user/"+user])
	if len(fields) < 2 {
		return ""
	}
	return fields[1]
}
