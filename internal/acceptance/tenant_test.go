package acceptance

import (
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// TestTenantOfAnotherClusterKeepsItsHandsOff has two clusters on one role, each with the namespace gen3. A tenant of the
// second forges that its cluster once had the issuer of the first, whose statement, tags and provider stay all the same.
func TestTenantOfAnotherClusterKeepsItsHandsOff(t *testing.T) {
	t.Parallel()
	const issuerOfA, issuerBefore = "https://oidc.eks.us-east-1.amazonaws.com/id/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "https://oidc.eks.us-east-1.amazonaws.com/id/BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
	account := awsfake.Start(t)
	a, b := newWorldIn(t, anySandbox(t), account, "gen3-shared-role"), newWorldIn(t, forgedSandbox(t), account, "gen3-shared-role")
	for _, w := range []*world{a, b} {
		w.settings.IRSA, w.settings.CreateOIDCProvider, w.settings.RoleName = true, true, "shared-role"
		w.options.DeleteProvider = true
	}
	a.settings.OIDCIssuer = issuerOfA
	a.mustUp(t)
	b.settings.OIDCIssuer = issuerBefore
	b.mustUp(t)
	b.settings.OIDCIssuer = ""
	b.mustUp(t)
	x := newTenant(t, b.sandbox, b.namespace)
	forge := func() {
		x.tamper(t, func(record *corev1.ConfigMap) {
			for entry, text := range record.Data {
				record.Data[entry] = strings.ReplaceAll(text, issuerBefore, issuerOfA)
			}
		})
	}
	mustTrust := func(after string) {
		t.Helper()
		seen := account.Snapshot()
		if trust := seen["role/shared-role/trust"]; !strings.Contains(trust, strings.TrimPrefix(issuerOfA, "https://")) {
			t.Errorf("after %s the role does not let in the first cluster any more: %s", after, trust)
		}
		if provider := "provider/arn:aws:iam::123456789012:oidc-provider/" + strings.TrimPrefix(issuerOfA, "https://"); seen[provider] == "" {
			t.Errorf("after %s the provider of the first cluster is gone", after)
		}
	}
	for _, command := range []string{"up", "teardown"} {
		forge()
		if result, err := b.do(t.Context(), command); err != nil {
			t.Errorf("%s beside a forged record: %v\n%s", command, err, problems(result))
		}
		mustTrust(command)
	}
	a.mustBeConverged(t)
}

// TestCopiedNamespaceGetsItsOwnKey restores or clones a namespace: the record and the Secrets of one owner stand in the
// namespace of another. The key in them is the first owner's, as its tag says: status tells whose, up mints another one,
// and neither's teardown takes the other's key.
func TestCopiedNamespaceGetsItsOwnKey(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(t *testing.T, account *awsfake.Server) (*world, *world){
		"in one cluster": func(t *testing.T, account *awsfake.Server) (*world, *world) {
			t.Helper()
			return newWorldOn(t, anySandbox(t), account), newWorldOn(t, anySandbox(t), account)
		},
		"in another cluster": func(t *testing.T, account *awsfake.Server) (*world, *world) {
			t.Helper()
			return newWorldIn(t, anySandbox(t), account, "gen3-restored"), newWorldIn(t, forgedSandbox(t), account, "gen3-restored")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := awsfake.Start(t, awsfake.WithSeed(rand.Uint64()))
			first, second := place(t, account)
			made := first.mustUp(t)
			first.copyTo(t, second)
			owner := made.Cluster.ID + "/" + first.namespace

			second.mustKeepForeign(t, "teardown", made.Outputs.AccessKeyID)
			first.copyTo(t, second)
			mustNameOwner(t, second, "status", owner)
			second.mustUp(t)
			second.liveKeyBeside(t, made.Outputs.AccessKeyID)
			first.liveKeyBeside(t, string(second.secret(t, bootstrap.ChartSecretName).Data[keyID]))
			second.mustBeConverged(t)
			first.mustBeConverged(t)

			key := string(second.secret(t, bootstrap.ChartSecretName).Data[keyID])
			first.mustKeepForeign(t, "teardown", key)
			second.liveKey(t)
			second.mustBeConverged(t)
			if result, err := second.do(t.Context(), "teardown"); err != nil {
				t.Errorf("teardown: %v\n%s", err, problems(result))
			}
			if left := account.Snapshot(); len(left) > 0 {
				t.Errorf("IAM still has %v", left)
			}
		})
	}
}

// copyTo does what a backup's restore does.
func (w *world) copyTo(t *testing.T, to *world) {
	t.Helper()
	clean := func(m metav1.ObjectMeta) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: m.Name, Labels: m.Labels, Annotations: m.Annotations}
	}
	record, err := w.kube.CoreV1().ConfigMaps(w.namespace).Get(t.Context(), kube.RecordName, metav1.GetOptions{})
	check(t, "get the record", err)
	record.ObjectMeta = clean(record.ObjectMeta)
	_ = to.kube.CoreV1().ConfigMaps(to.namespace).Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{})
	_, err = to.kube.CoreV1().ConfigMaps(to.namespace).Create(t.Context(), record, metav1.CreateOptions{})
	check(t, "copy the record", err)
	for _, name := range w.settings.KeySecretNames() {
		secret := w.secret(t, name)
		secret.ObjectMeta = clean(secret.ObjectMeta)
		_ = to.kube.CoreV1().Secrets(to.namespace).Delete(t.Context(), name, metav1.DeleteOptions{})
		_, err := to.kube.CoreV1().Secrets(to.namespace).Create(t.Context(), secret, metav1.CreateOptions{})
		check(t, "copy Secret", err)
	}
}

// mustKeepForeign runs a command, however it ends, and says that a key lives on.
func (w *world) mustKeepForeign(t *testing.T, command, id string) {
	t.Helper()
	result, err := w.do(t.Context(), command)
	for _, k := range w.aws.Keys(w.settings.UserName) {
		if k.ID == id && k.Status == "Active" {
			return
		}
	}
	t.Errorf("%s took the key %s of another owner: error %v\n%s", command, id, err, changes(result))
}

// mustNameOwner says that a command tells whose the key in the Secrets is.
func mustNameOwner(t *testing.T, w *world, command, owner string) {
	t.Helper()
	p := w.command(t, command)
	p.cmd.Args = removed(p.cmd.Args, "--verbose")
	w.run(t, p)
	if !strings.Contains(p.stdout.String(), owner) {
		t.Errorf("%s does not name the key's owner %s:\n%s", command, owner, p.stdout.String())
	}
}

func removed(args []string, flag string) []string {
	var out []string
	for _, arg := range args {
		if arg != flag {
			out = append(out, arg)
		}
	}
	return out
}
