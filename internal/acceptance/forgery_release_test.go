package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

const evil = "evil" // the tenant's namespace, which up made, and the name of the release that the tenant forges

// forgedRelease is one that a tenant stores for the operator of its namespace, and how the administrator comes upon it.
type forgedRelease struct {
	name     string
	manifest string
	hooks    []any
	status   string
	byFlags  bool
}

// takeover is a binding that makes the tenant of a namespace the cluster's administrator.
func takeover() string {
	return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: tenant-admin}\n" +
		"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n" +
		"subjects: [{kind: ServiceAccount, name: " + tenantName + ", namespace: " + evil + "}]\n"
}

// belongings are objects of others, as a manifest names them.
func belongings() string {
	return strings.Join([]string{
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: " + victims + "}\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: " + victimSecret + ", namespace: " + victims + "}\n",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: " + victims + "}\n",
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + victims + "}\n",
		"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: externalsecrets.external-secrets.io}\n",
	}, "---\n")
}

func hook(event string) any {
	return map[string]any{
		"name": "tenant-admin", "kind": "ClusterRoleBinding", "path": "external-secrets/templates/x.yaml", "manifest": takeover(),
		"events": []string{event}, "weight": 0, "last_run": map[string]any{"started_at": "", "completed_at": "", "phase": ""},
	}
}

func forgedReleases() []forgedRelease {
	every := func() []any {
		var out []any
		for _, event := range []string{"pre-delete", "post-delete", "pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback", "pre-install", "post-install"} {
			out = append(out, hook(event))
		}
		return out
	}
	return []forgedRelease{
		{name: "named by the record", manifest: belongings(), hooks: every(), status: "deployed"},
		{name: "named by flags", manifest: belongings(), hooks: every(), status: "deployed", byFlags: true},
		// One whose CRDs would go with it is first upgraded to itself: then its manifest is applied.
		{name: "with CRDs and a binding", manifest: belongings() + "---\n" + takeover(), hooks: every(), status: "deployed"},
		{name: "half uninstalled", manifest: belongings(), hooks: every(), status: "uninstalling"},
		{name: "half upgraded", manifest: belongings() + "---\n" + takeover(), hooks: every(), status: "pending-upgrade", byFlags: true},
		{name: "named hostilely", manifest: strings.ReplaceAll(belongings(), "web", `"web\e[2J\n`+forgedLine+`"`), status: "deployed"},
	}
}

// TestForgedReleases runs where no other namespace has a record, so that a release may go. Its cluster is its own, since
// the real operator comes and goes in it.
func TestForgedReleases(t *testing.T) {
	t.Parallel()
	need(t, envBinary, "gen3-bootstrap")
	sb := ownSandbox(t)
	testLabelIsNoOperator(t, sb)
	for _, r := range forgedReleases() {
		t.Run(r.name, func(t *testing.T) {
			a := evilNamespace(t, sb)
			forge := func() {
				body := releaseBody(t, evil, evil, "external-secrets", "0.16.2", r.manifest, r.hooks...)
				body = []byte(strings.Replace(string(body), `"status":"deployed"`, `"status":"`+r.status+`"`, 1))
				secret := storedRelease(evil, r.status, packed(t, body))
				secret.Labels["app.kubernetes.io/managed-by"] = "gen3-bootstrap"
				a.tenant.putSecret(t, secret)
				forgeData(rewritten(t, a.recordData(t), func(l leaf) any {
					if l.value == bootstrap.DefaultRelease {
						return evil
					}
					return l.value
				}))(t, a)
			}
			forge()
			if r.byFlags {
				a.named, a.settings.Helm.Release, a.settings.Helm.Namespace = true, evil, evil
			}
			for _, command := range []string{"status", "plan", "values"} {
				a.administer(t, command)
			}
			a.administer(t, "teardown", "--dry-run")
			a.administer(t, "teardown")
			a.mustHaveHarmedNobody(t)
			a.clear(t)
		})
	}
}

// evilNamespace is a namespace that up makes, so that it carries our label, with the tenant in it. The operator is not
// of this up.
func evilNamespace(t *testing.T, sb *sandbox) *attack {
	t.Helper()
	makeVictims(t, sb) // anew, where an earlier case had them deleted
	w := newWorld(t, sb)
	w.namespace, w.settings.Namespace, w.settings.CreateNamespace = evil, evil, true
	w.settings.SkipHelm, w.settings.LockTimeout, w.settings.Timing.Request = false, 2*time.Second, 20*time.Second
	records, err := w.kube.CoreV1().ConfigMaps(metav1.NamespaceAll).List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + kube.RecordName})
	check(t, "list records", err)
	for _, record := range records.Items { // of cases that failed: with them no release would go, and nothing be tested
		check(t, "delete record", w.kube.CoreV1().ConfigMaps(record.Namespace).Delete(t.Context(), record.Name, metav1.DeleteOptions{}))
	}
	a := &attack{world: w, mine: func(namespace string) bool { return namespace == evil || isCase(namespace) }}
	a.begin(t)
	settled(t, sb, a.mine)
	a.outside = outside(t, sb, a.mine)
	return a
}

// clear leaves the cluster to the next case.
func (a *attack) clear(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	err := a.kube.CoreV1().Namespaces().Delete(ctx, evil, metav1.DeleteOptions{})
	if err == nil {
		poll(t, "the end of the namespace", func() bool {
			_, err := a.kube.CoreV1().Namespaces().Get(ctx, evil, metav1.GetOptions{})
			return err != nil
		})
	}
	_ = a.kube.RbacV1().ClusterRoleBindings().Delete(ctx, "tenant-admin", metav1.DeleteOptions{})
}

// testLabelIsNoOperator is up in a cluster without operator and CRDs, where a tenant has a Deployment with the
// operator's labels: the operator is installed all the same.
func testLabelIsNoOperator(t *testing.T, sb *sandbox) {
	t.Helper()
	for _, named := range []bool{false, true} {
		t.Run(fmt.Sprintf("label, release named %v", named), func(t *testing.T) {
			w := newWorld(t, sb)
			w.settings.SkipHelm, w.settings.Timing.Request = false, 20*time.Second
			x := newTenant(t, sb, w.namespace)
			x.pretendOperator(t, "nginx", nil)
			p := w.command(t, "up")
			if !named {
				p.cmd.Args = withoutFlags(p.cmd.Args, "--release", "--release-namespace")
			}
			code := w.run(t, p)
			judgeOutput(t, "up", p.text())
			check(t, "delete Deployment", x.kube.AppsV1().Deployments(w.namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}))
			if code != 0 {
				t.Fatalf("up ended with %d:\n%s", code, p.text())
			}
			w.mustHaveOperator(t)
			w.mustKeepCRDs(t)
			w.mustClear(t)
		})
	}
}
