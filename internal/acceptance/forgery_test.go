package acceptance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// attack is a namespace that an up made whole and whose tenant then forges what tenants can write. An administrator goes on
// as if nothing had happened. Whatever the forgery is: nothing outside the namespace changes, in IAM nothing that no tag
// proves to be this owner's, nothing is printed raw, and each command ends soon and in little memory.
type attack struct {
	*world

	tenant  *tenant
	iam     map[string]string // the account before the first up: everything in it is somebody else's
	admin   []awsfake.Key
	outside map[string]string // the cluster beside the namespace, once up had run
	mine    func(namespace string) bool
	named   bool // the release is named by flags
	renamed bool // an earlier up had other names than the defaults, which only the record tells
}

var forged struct { //nolint:gochecknoglobals // one cluster for all forgeries, whose operator and other namespaces must stay as they are
	once sync.Once
	sb   *sandbox
	stop func() // never called, as that of the shared sandbox
}

const platform = "platform" // namespace whose up installed the operator

// forgedSandbox is a cluster in which an operator runs already, on behalf of another namespace than those of the tests.
func forgedSandbox(t *testing.T) *sandbox {
	t.Helper()
	needSandbox(t)
	forged.once.Do(func() {
		dir, err := os.MkdirTemp("", "gen3-bootstrap-forged-") //nolint:usetesting // it outlives the test that happens to come first
		check(t, "make directory", err)
		sb, stop := runSandbox(t, dir)
		forged.stop = stop
		w := newWorldIn(t, sb, awsfake.Start(t), platform)
		// Its webhooks would refuse every SecretStore, since no pod of the sandbox answers.
		w.settings.SkipHelm, w.settings.UseGlobalUser, w.settings.Helm.Set = false, true, []string{"webhook.create=false"}
		w.settings.Timing.Request = 20 * time.Second
		w.mustUp(t)
		makeVictims(t, sb)
		settled(t, sb, isCase)
		forged.sb = sb
	})
	if forged.sb == nil {
		t.Fatal("the sandbox for forgeries did not start")
	}
	return forged.sb
}

// isCase reports whether a namespace is one of those that newWorld makes.
func isCase(namespace string) bool { return strings.HasPrefix(namespace, "gen3-") }

// newAttack runs the up, and signs the tenant in.
func newAttack(t *testing.T, configure func(*bootstrap.Settings)) *attack {
	t.Helper()
	need(t, envBinary, "gen3-bootstrap")
	w := newWorld(t, forgedSandbox(t), awsfake.WithSeed(rand.Uint64()))
	a := &attack{world: w, mine: isCase}
	w.settings.SkipHelm, w.settings.LockTimeout, w.settings.Timing.Request = false, 2*time.Second, 20*time.Second
	if configure != nil {
		configure(&w.settings)
	}
	a.begin(t)
	return a
}

// begin is what comes before the forgery.
func (a *attack) begin(t *testing.T) {
	t.Helper()
	if a.iam == nil {
		a.seedVictims(t)
		a.iam, a.admin = a.aws.Snapshot(), a.aws.Keys("admin")
	}
	a.mustUp(t)
	a.tenant = newTenant(t, a.sandbox, a.namespace)
	a.outside = outside(t, a.sandbox, a.mine)
	a.forgetCalls()
}

// suffer is the administrator's day after a forgery, which is made again before the teardown, as up may have undone it.
// It returns what teardown ended with.
func (a *attack) suffer(t *testing.T, forge func(*testing.T, *attack)) (code int, text string) {
	t.Helper()
	forge(t, a)
	for _, command := range []string{"status", "plan", "values", "up"} {
		a.administer(t, command)
	}
	forge(t, a)
	code, text = a.administer(t, "teardown")
	a.mustHaveHarmedNobody(t)
	return code, text
}

// administer runs a command with all of an administrator's rights, and judges it.
func (a *attack) administer(t *testing.T, args ...string) (code int, text string) {
	t.Helper()
	p := a.command(t, args...)
	if !a.named {
		p.cmd.Args = withoutFlags(p.cmd.Args, "--release", "--release-namespace") // they are the defaults, and would hide what the record says
	}
	what := strings.Join(args, " ")
	start := time.Now()
	memory := p.watchMemory()
	code = a.run(t, p)
	judgeCost(t, what, memory(), p.cmd.ProcessState, time.Since(start))
	judgeOutput(t, what+" on stdout", p.stdout.String())
	judgeOutput(t, what+" on stderr", p.stderr.String())
	mustBePasteable(t, what, p.text())
	if code != 0 && code != 1 {
		t.Errorf("%s ended with %d:\n%s", what, code, tail(p.text()))
	}
	a.judgeWrites(t, what, args[0] == "up" || args[0] == "teardown")
	a.judgeIAM(t, what)
	return code, p.text()
}

func withoutFlags(args []string, flags ...string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if slices.Contains(flags, args[i]) {
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

// judgeWrites says that a run wrote nothing outside the namespace but the Lease of what namespaces share, and nothing
// at all where it only reads.
func (a *attack) judgeWrites(t *testing.T, what string, writes bool) {
	t.Helper()
	for _, c := range a.proxy.Writes() {
		inside := c.Object == a.namespace || strings.HasPrefix(c.Object, a.namespace+"/")
		lock := c.Resource == "leases" && strings.HasPrefix(c.Object, bootstrap.DefaultReleaseNamespace+"/")
		if !writes || !inside && !lock {
			t.Errorf("%s: %s", what, c.Name())
		}
	}
	if !writes && len(a.aws.Writes()) > 0 {
		t.Errorf("%s wrote %v", what, a.aws.Writes())
	}
	a.forgetCalls()
}

// judgeIAM says that what was in the account before the first up is there as it was.
func (a *attack) judgeIAM(t *testing.T, what string) {
	t.Helper()
	after := a.aws.Snapshot()
	for _, name := range slices.Sorted(maps.Keys(a.iam)) {
		if now, ok := after[name]; !ok || now != a.iam[name] {
			t.Errorf("%s: IAM had %s = %q and has %q (there: %v)", what, name, a.iam[name], now, ok)
		}
	}
	if keys := a.aws.Keys("admin"); !slices.Equal(keys, a.admin) {
		t.Errorf("%s: the administrator's own keys were %v and are %v", what, a.admin, keys)
	}
}

// mustHaveHarmedNobody compares the cluster beside the namespace with how it was, and the tenant's rights.
func (a *attack) mustHaveHarmedNobody(t *testing.T) {
	t.Helper()
	after := outside(t, a.sandbox, a.mine)
	for _, name := range slices.Sorted(maps.Keys(a.outside)) {
		if now, ok := after[name]; !ok {
			t.Errorf("outside the namespace %s is gone", name)
		} else if now != a.outside[name] {
			t.Errorf("outside the namespace %s was changed from %s to %s", name, a.outside[name], now)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ok := a.outside[name]; !ok {
			t.Errorf("outside the namespace %s was made", name)
		}
	}
	if _, err := a.kube.CoreV1().ServiceAccounts(a.namespace).Get(t.Context(), tenantName, metav1.GetOptions{}); err == nil {
		a.tenant.mustBeConfined(t)
	}
}

// mustBeClean says that a teardown which ended well left nothing of this owner's in the account.
func (a *attack) mustBeClean(t *testing.T) {
	t.Helper()
	if after := a.aws.Snapshot(); !maps.Equal(after, a.iam) {
		t.Errorf("teardown ended well and left:\n%s", differences(a.iam, after))
	}
}

func differences(before, after map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if was, ok := before[name]; !ok || was != after[name] {
			fmt.Fprintf(&b, "  %s = %s\n", name, after[name])
		}
	}
	return b.String()
}

// restore takes the record away as whoever finds it forged does, and runs the teardown again: it now ends well, and
// leaves nothing that has a default's name.
func (a *attack) restore(t *testing.T) {
	t.Helper()
	check(t, "delete the record", a.kube.CoreV1().ConfigMaps(a.namespace).Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{}))
	if code, text := a.administer(t, "teardown"); code != 0 {
		t.Errorf("teardown without the record ended with %d:\n%s", code, text)
		return
	}
	if !a.renamed {
		a.mustBeClean(t)
	}
}

// TestNothingForged is the control: what the forgeries are compared with ends well.
func TestNothingForged(t *testing.T) {
	t.Parallel()
	for name, configure := range modes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttack(t, configure)
			for _, command := range []string{"status", "plan", "values", "up", "teardown"} {
				if code, text := a.administer(t, command); code != 0 {
					t.Errorf("%s ended with %d:\n%s", command, code, text)
				}
			}
			a.mustHaveHarmedNobody(t)
			a.mustBeClean(t)
		})
	}
}

// modes are ups whose records together have every field.
func modes() map[string]func(*bootstrap.Settings) {
	return map[string]func(*bootstrap.Settings){
		"keys": nil,
		"role": func(s *bootstrap.Settings) {
			s.IRSA, s.CreateOIDCProvider, s.UseGlobalUser, s.RoleName = true, true, true, "gen3-reader"
		},
	}
}
