package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// TestForgedRecordFields puts hostile text into one string of the record after the other. No name and no setting can be
// such text, so commands that go by the record say which field it is and what to do about it.
func TestForgedRecordFields(t *testing.T) {
	t.Parallel()
	var seen sync.Map // fields that both modes have
	for mode, configure := range modes() {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			a := newAttack(t, func(s *bootstrap.Settings) {
				s.Tags, s.SecretPrefixes = []string{"team=gen3"}, []string{"gen3/"}
				s.ReadNames, s.PushNames = []string{"gen3/fence-config"}, []string{"gen3/fence-creds"}
				s.KMSKeys = []string{"arn:aws:kms:us-east-1:123456789012:key/11111111-2222-4333-8444-555555555555"}
				if configure != nil {
					configure(s)
				}
			})
			good := a.recordData(t)
			for _, l := range leaves(t, good) {
				if _, tried := seen.LoadOrStore(l.String(), mode); tried {
					continue
				}
				t.Run(l.String(), func(t *testing.T) {
					bad := rewritten(t, good, func(other leaf) any {
						if other.String() == l.String() {
							return hostile
						}
						return other.value
					})
					forgeData(bad)(t, a)
					for _, command := range []string{"status", "values", "plan"} {
						a.administer(t, command)
					}
					code, text := a.administer(t, "teardown")
					if judged := l.entry == "settings"; judged && (code != 1 || !names(text, l.field())) || code == 1 && !strings.Contains(text, "hint:") {
						t.Errorf("teardown ended with %d, and does not name %s and a way out:\n%s", code, l.field(), text)
					}
					if code == 0 {
						a.begin(t)
					}
				})
			}
			a.mustHaveHarmedNobody(t)
			forgeData(good)(t, a)
			a.mustUp(t)
			a.forgetCalls()
			a.restore(t)
		})
	}
}

// names reports whether a text names a field, be it as JSON or as a flag spells it, of which several make a list.
func names(text, field string) bool {
	plain := strings.NewReplacer("-", "", "_", "", " ", "")
	text, field = strings.ToLower(plain.Replace(text)), strings.ToLower(field)
	one := strings.TrimSuffix(field, "s")
	return strings.Contains(text, one) || strings.Contains(text, strings.TrimSuffix(one, "e"))
}

// TestForgedRecord is a table of records that no up wrote, as whole documents.
func TestForgedRecord(t *testing.T) {
	t.Parallel()
	replaced := func(change func(l leaf) any) func(*testing.T, *attack, map[string]string) map[string]string {
		return func(t *testing.T, _ *attack, good map[string]string) map[string]string {
			return rewritten(t, good, change)
		}
	}
	whole := func(text string) func(*testing.T, *attack, map[string]string) map[string]string {
		return func(_ *testing.T, _ *attack, good map[string]string) map[string]string {
			out := map[string]string{}
			for entry := range good {
				out[entry] = text
			}
			return out
		}
	}
	for name, forge := range map[string]func(t *testing.T, a *attack, good map[string]string) map[string]string{
		"hostile text everywhere":                replaced(func(leaf) any { return hostile }),
		"numbers for text":                       replaced(func(leaf) any { return 42 }),
		"nothing for text":                       replaced(func(leaf) any { return nil }),
		"lists for text":                         replaced(func(l leaf) any { return []any{l.value, map[string]any{"x": l.value}} }),
		"long text":                              replaced(func(leaf) any { return strings.Repeat("x", 20_000) }),
		"options for names":                      replaced(func(leaf) any { return "--force" }),
		"paths for names":                        replaced(func(leaf) any { return "../../../" + victims + "/secrets/" + victimSecret }),
		"names of somebody without gen3":         theirs(victimName),
		"names of another owner":                 theirs(otherName),
		"name of the administrator":              theirs("admin"),
		"names that were made, of somebody":      madeBefore(victimName),
		"names that were made, of another owner": madeBefore(otherName),
		"names that were made, of the operator":  madeBefore("admin"),
		"1500 entries":                           manyEntries(1500),
		"a megabyte":                             megabyte,
		"no JSON":                                whole("account: " + hostile),
		"null":                                   whole("null"),
		"a list":                                 whole("[[],{},1]"),
		"too deep":                               whole(strings.Repeat("[", 100_000)),
		"nothing":                                whole(""),
		"mints of others":                        forgedMints,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttack(t, nil)
			bad := forge(t, a, a.recordData(t))
			a.forgetCalls()
			if code, _ := a.suffer(t, forgeData(bad)); code == 1 {
				a.restore(t)
			}
		})
	}
}

// megabyte is as much as a ConfigMap holds, in one of its entries.
func megabyte(t *testing.T, _ *attack, good map[string]string) map[string]string {
	t.Helper()
	out := maps.Clone(good)
	for entry := range out {
		out = map[string]string{entry: `{"x":"` + strings.Repeat("x", 1<<20-2000) + `"}`}
	}
	return out
}

// theirs names what somebody else has wherever the record names what up made.
func theirs(name string) func(*testing.T, *attack, map[string]string) map[string]string {
	return func(t *testing.T, _ *attack, good map[string]string) map[string]string {
		t.Helper()
		return rewritten(t, good, func(l leaf) any {
			switch l.value {
			case bootstrap.DefaultUserName, bootstrap.DefaultPolicyName:
				return name
			case "external-secrets-user-secret":
				return victimSecret
			case bootstrap.DefaultRelease: // and its namespace
				return victims
			}
			return l.value
		})
	}
}

// madeBefore is a record of two ups with different names, of which the earlier ones are then somebody else's.
func madeBefore(name string) func(*testing.T, *attack, map[string]string) map[string]string {
	return func(t *testing.T, a *attack, _ map[string]string) map[string]string {
		t.Helper()
		defaults := a.settings
		a.settings.UserName, a.settings.PolicyName, a.settings.SecretNames = "before-user", "before-policy", []string{"before-secret"}
		a.mustUp(t)
		a.settings, a.renamed = defaults, true
		a.mustUp(t)
		data := a.recordData(t)
		if !strings.Contains(fmt.Sprint(data), "before-user") {
			t.Fatalf("the record does not name what was made before: %v", data)
		}
		return rewritten(t, data, func(l leaf) any {
			switch l.value {
			case "before-user", "before-policy":
				return name
			case "before-secret":
				return victimSecret
			}
			return l.value
		})
	}
}

// manyEntries repeats what the record lists of earlier ups, each time under other names.
func manyEntries(n int) func(*testing.T, *attack, map[string]string) map[string]string {
	return func(t *testing.T, a *attack, good map[string]string) map[string]string {
		t.Helper()
		two := madeBefore("x-before")(t, a, good)
		for entry, text := range two {
			var document map[string]any
			if json.Unmarshal([]byte(text), &document) != nil {
				continue
			}
			for key, value := range document {
				list, ok := value.([]any)
				if !ok || !strings.Contains(fmt.Sprint(list), "x-before") {
					continue
				}
				for i := range n {
					document[key] = append(document[key].([]any), rewrite(list[i%len(list)], nil, func(_ []string, value string) any {
						if value == "x-before" || value == victimSecret {
							return fmt.Sprintf("x%d", i)
						}
						return value
					}))
				}
			}
			two[entry] = asJSON(t, document)
		}
		return two
	}
}

// forgedMints claims keys of other users, in a record that names one of them.
func forgedMints(t *testing.T, a *attack, good map[string]string) map[string]string {
	t.Helper()
	data := theirs(victimName)(t, a, good)
	var claims []string
	for _, user := range []string{victimName, otherName, "admin"} {
		claims = append(claims, strings.Trim(claimedMints(t, a.world, user, a.aws.Keys(user)[0].ID), "[]"))
	}
	data["mints"] = "[" + strings.Join(claims, ",") + "]"
	return data
}

// TestForgedRecordObject is what else of the ConfigMap the tenant writes: its marks and its life.
func TestForgedRecordObject(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*corev1.ConfigMap){
		"another label":        func(c *corev1.ConfigMap) { c.Labels = map[string]string{kube.ManagedByLabel: "Helm"} },
		"no label":             func(c *corev1.ConfigMap) { c.Labels = nil },
		"hostile annotations":  func(c *corev1.ConfigMap) { c.Annotations = map[string]string{"meta.helm.sh/release-name": hostile} },
		"binary entries":       func(c *corev1.ConfigMap) { c.BinaryData = map[string][]byte{"more": []byte(hostile)} },
		"a finalizer":          func(c *corev1.ConfigMap) { c.Finalizers = []string{"example.com/forged"} },
		"entries nobody asked": func(c *corev1.ConfigMap) { c.Data["more"] = hostile },
		"immutable":            func(c *corev1.ConfigMap) { yes := true; c.Immutable = &yes },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAttack(t, nil)
			a.suffer(t, func(t *testing.T, a *attack) {
				t.Helper()
				a.tenant.tamper(t, edit)
			})
			a.letGo(t)
		})
	}
	t.Run("being deleted", func(t *testing.T) {
		t.Parallel()
		a := newAttack(t, nil)
		a.tenant.tamper(t, func(c *corev1.ConfigMap) { c.Finalizers = []string{"example.com/forged"} })
		a.tenant.deleteRecord(t)
		if code, text := a.administer(t, "up"); code == 0 {
			t.Errorf("up ended well although its record is about to vanish:\n%s", text)
		}
		a.administer(t, "status")
		a.administer(t, "teardown")
		a.mustHaveHarmedNobody(t)
		a.letGo(t)
	})
}

// letGo takes the finalizers away, so that the namespace's end is not held up.
func (a *attack) letGo(t *testing.T) {
	t.Helper()
	_, _ = a.kube.CoreV1().ConfigMaps(a.namespace).Patch(t.Context(), kube.RecordName, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
}
