package acceptance

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

const scriptPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["secretsmanager:ListSecrets","secretsmanager:GetSecretValue"],"Resource":["*"]}]}`

// leftBehind is what the bash script may have left.
type leftBehind struct {
	keys     int    // on the user
	used     string // service that the last of them was used with
	secret   string // name of a Secret that holds the first key
	helm     string // release that manages that Secret
	dead     bool   // that Secret holds a key that is gone instead
	pasted   bool   // the last key stands in a Secret of another namespace
	noPolicy bool
}

// leave makes it so, and returns the keys' ids.
func (l leftBehind) leave(t *testing.T, w *world) []string {
	t.Helper()
	user, err := w.aws.AddUser(w.settings.UserName, nil)
	check(t, "add user", err)
	if !l.noPolicy {
		policy, err := w.aws.AddPolicy(w.settings.PolicyName, scriptPolicy, nil)
		check(t, "add policy", err)
		check(t, "attach policy", w.aws.Attach(user, policy))
	}
	var ids []string
	for range l.keys {
		id, err := w.aws.AddKey(w.settings.UserName)
		check(t, "add key", err)
		w.aws.SetKeyCreated(id, time.Now().Add(-time.Hour))
		ids = append(ids, id)
	}
	if l.used != "" {
		w.aws.SetKeyUsed(ids[len(ids)-1], l.used, region, time.Now())
	}
	if l.dead {
		w.storeForeign(t, w.namespace, l.secret, "AKIAI44QH8DHBEXAMPLE", l.helm)
	} else if l.secret != "" {
		w.storeForeign(t, w.namespace, l.secret, ids[0], l.helm)
	}
	if l.pasted {
		w.storeForeign(t, "default", "pasted-"+w.namespace, ids[len(ids)-1], "")
	}
	w.aws.ResetCalls()
	return ids
}

// storeForeign makes a Secret as the script's kubectl, or a chart, would.
func (w *world) storeForeign(t *testing.T, namespace, name, id, release string) {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Data:       map[string][]byte{"access-key": []byte(id), "secret-access-key": []byte(cmp.Or(w.aws.SecretOf(id), "a key of long ago"))},
	}
	if release != "" {
		secret.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"}
		secret.Annotations = map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
	}
	_, err := w.kube.CoreV1().Secrets(namespace).Create(t.Context(), secret, metav1.CreateOptions{})
	check(t, "create Secret", err)
}

// TestAdoptionOfWhatTheScriptLeft has one row for each thing that the script can have left behind. Without --adopt
// nothing foreign changes and the refusal says what it is about; with it, all is taken over, keys that are used stay,
// and the next run has nothing to do.
func TestAdoptionOfWhatTheScriptLeft(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		left    leftBehind
		refusal string // what up without --adopt says; empty: it has no need of --adopt
		stays   []int  // which of the keys up --adopt --yes leaves beside the one in use
		keeps   bool   // the first key stays in use
		never   string // what up --adopt still refuses for
	}{
		"user and policy":                    {left: leftBehind{}, refusal: "was not made by gen3-bootstrap"},
		"user alone":                         {left: leftBehind{noPolicy: true}, refusal: "was not made by gen3-bootstrap"},
		"one lost key":                       {left: leftBehind{keys: 1}, refusal: "was not made by gen3-bootstrap"},
		"two lost keys":                      {left: leftBehind{keys: 2}, refusal: "was not made by gen3-bootstrap"},
		"a lost key tried with STS alone":    {left: leftBehind{keys: 1, used: "sts"}, refusal: "was not made by gen3-bootstrap"},
		"a lost key that somebody uses":      {left: leftBehind{keys: 1, used: "secretsmanager"}, refusal: "was not made by gen3-bootstrap", stays: []int{0}},
		"a key pasted elsewhere":             {left: leftBehind{keys: 1, pasted: true}, refusal: "was not made by gen3-bootstrap", stays: []int{0}},
		"a good key in a legal Secret":       {left: leftBehind{keys: 1, secret: "external-secrets-user-secret"}, refusal: "its document differs", keeps: true},
		"a good key where the chart reads":   {left: leftBehind{keys: 1, secret: "gen3-aws-config"}, refusal: "its document differs", keeps: true},
		"a good key and a lost one":          {left: leftBehind{keys: 2, secret: "gen3-aws-config"}, refusal: "its document differs", keeps: true},
		"a good key and one in use":          {left: leftBehind{keys: 2, secret: "gen3-aws-config", used: "s3"}, refusal: "its document differs", keeps: true, stays: []int{1}},
		"a Secret that a Helm release keeps": {left: leftBehind{keys: 1, secret: "gen3-aws-config", helm: "gen3"}, refusal: "its document differs", keeps: true},
		"a dead key in a legal Secret":       {left: leftBehind{keys: 1, secret: "external-secrets-user-secret", dead: true}, refusal: "was not made by gen3-bootstrap and holds access key AKIAI44QH8DHBEXAMPLE"},
		"a dead key where the chart reads":   {left: leftBehind{secret: "gen3-aws-config", dead: true}, refusal: "was not made by gen3-bootstrap and holds access key AKIAI44QH8DHBEXAMPLE"},
		"a dead key that a release keeps":    {left: leftBehind{secret: "gen3-aws-config", helm: "gen3", dead: true}, refusal: "Helm release", never: "global.aws.awsAccessKeyId"},
	}
	sb := anySandbox(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Each account has keys of its own, since all Secrets of the cluster are searched for them.
			w := newWorld(t, sb, awsfake.WithSeed(rand.Uint64()))
			ids := tt.left.leave(t, w)
			before := w.aws.Snapshot()
			w.mustRefuse(t, tt.refusal, "--adopt")
			w.settings.Adopt, w.settings.Yes = true, true
			if tt.never != "" {
				w.mustRefuse(t, tt.refusal, tt.never)
			}
			if after := w.aws.Snapshot(); !maps.Equal(before, after) {
				t.Fatalf("a refused up changed IAM from %v to %v", before, after)
			}
			if tt.never != "" {
				return
			}
			planned, err := w.plan(t.Context())
			if err != nil {
				t.Fatalf("plan --adopt: %v\n%s", err, problems(planned))
			}
			if !slices.ContainsFunc(planned.Changes, func(c plan.Change) bool { return c.Action == plan.Adopt }) {
				t.Errorf("plan --adopt adopts nothing:\n%s", changes(planned))
			}
			w.mustUp(t)
			w.mustHoldAfterAdoption(t, ids, tt.stays, tt.keeps)
			w.mustBeConverged(t)
			w.settings.Adopt, w.settings.Yes = false, false
			w.mustBeConverged(t)
		})
	}
}

func (w *world) mustRefuse(t *testing.T, why, cure string) {
	t.Helper()
	result, err := w.up(t.Context())
	if err == nil || !hasProblem(result, why) || !hasProblem(result, cure) {
		t.Fatalf("up: error %v, without %q and %q:\n%s", err, why, cure, problems(result))
	}
	if writes := w.proxy.Writes(); len(writes) > 0 {
		t.Fatalf("a refused up wrote %v", writes)
	}
}

func (w *world) mustHoldAfterAdoption(t *testing.T, ids []string, stays []int, keeps bool) {
	t.Helper()
	inUse := string(w.secret(t, bootstrap.ChartSecretName).Data["access-key"])
	if keeps != (len(ids) > 0 && inUse == ids[0]) {
		t.Errorf("the Secrets hold %s; the script's keys were %v, to be kept: %v", inUse, ids, keeps)
	}
	want := []string{inUse}
	for _, i := range stays {
		want = append(want, ids[i])
	}
	var have []string
	for _, k := range w.aws.Keys(w.settings.UserName) {
		have = append(have, k.ID)
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		t.Errorf("the user has keys %v, want %v", have, want)
	}
}

// TestUnusedKeysStayWithoutConsent is up --adopt with nobody to ask: the strangers are listed and stay.
func TestUnusedKeysStayWithoutConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t), awsfake.WithSeed(rand.Uint64()))
	ids := leftBehind{keys: 1}.leave(t, w)
	w.settings.Adopt = true
	result := w.mustUp(t)
	if !strings.Contains(changes(result), ids[0]) || !strings.Contains(changes(result), "never used") {
		t.Errorf("up does not list key %s with its last use:\n%s", ids[0], changes(result))
	}
	w.liveKeyBeside(t, ids[0])
}
