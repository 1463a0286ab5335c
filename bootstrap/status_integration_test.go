package bootstrap_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// TestStatus runs everything that needs the real API server in one sandbox.
func TestStatus(t *testing.T) {
	c := startCluster(t)
	for _, test := range []struct {
		name string
		test func(*testing.T, *cluster)
	}{
		{"empty account", testStatusEmpty},
		{"healthy", testStatusHealthy},
		{"IRSA", testStatusIRSA},
		{"global user", testStatusGlobal},
		{"half states of the key protocol", testStatusHalf},
		{"IAM denied", testStatusDenied},
		{"cluster mostly denied", testStatusRestricted},
		{"issuer that may not be read", testStatusIssuer},
		{"lock", testStatusLock},
		{"names of before", testStatusRenamed},
		{"settings of the last up", testStatusRecorded},
		{"after a part of a teardown", testStatusAfterPart},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(t, c) })
	}
}

// status fails the test if anything was written, or if it took longer than anybody wants to wait.
func (s *stage) status(t *testing.T, maxKeyAge time.Duration) (bootstrap.StatusResult, error) {
	t.Helper()
	s.aws.ResetCalls()
	before := s.objects(t)
	result, err := bootstrap.Status(t.Context(), s.settings, maxKeyAge, s.env())
	if writes := s.aws.Writes(); len(writes) > 0 {
		t.Errorf("status wrote: %v", writes)
	}
	same(t, "status", before, s.objects(t))
	if result.Command != "status" || result.DurationSeconds > 20 {
		t.Errorf("command %q, %v s", result.Command, result.DurationSeconds)
	}
	return result, err
}

func (s *stage) mustStatus(t *testing.T) bootstrap.StatusResult {
	t.Helper()
	result, err := s.status(t, 0)
	if err != nil {
		t.Fatalf("status: %v\n%s", err, showStatus(result))
	}
	return result
}

func showStatus(r bootstrap.StatusResult) string {
	text, _ := json.MarshalIndent(r, "", "  ")
	return string(text)
}

func testStatusEmpty(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-empty")
	r := s.mustStatus(t)
	if r.Recorded || !r.Drift || len(r.Warnings) != 1 || len(r.Keys) > 0 || r.Release != nil || r.Lock != nil || len(r.Unread) > 0 {
		t.Errorf("%s", showStatus(r))
	}
	for _, x := range r.Resources {
		if x.Action != plan.Create {
			t.Errorf("%+v", x)
		}
	}
}

func testStatusHealthy(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-well")
	s.settings.Helm.Set = []string{"webhook.create=false"}
	s.settings.UserName, s.settings.PolicyName = "well-user", "well-policy"
	s.up(t)
	s.forget()
	s.settings.Helm.Repo = "http://127.0.0.1:1" // a status fetches no chart
	c.crdsAre(t, true)
	c.store(t, "status-well", "gen3-secret-store", "gen3-aws-config")
	c.externalSecret(t, "status-well", "fence-config", "gen3-secret-store")
	c.condition(t, "status-well", "secretstores", "gen3-secret-store", "True", "Valid", "store validated")
	c.condition(t, "status-well", "externalsecrets", "fence-config", "False", "SecretSyncedError", "could not get secret data from provider")
	c.warning(t, "status-well", "fence-config", "error processing spec.data[0] (key: fence-config), err: Secret does not exist")
	key := s.aws.Keys("well-user")[0].ID
	s.aws.SetKeyCreated(key, time.Now().Add(-40*24*time.Hour))
	s.aws.SetKeyUsed(key, "secretsmanager", region, time.Now().Add(-time.Hour))

	r := s.mustStatus(t)
	if !r.Recorded || r.Drift || r.Mode != "keys" || len(r.Unread) > 0 || len(r.OpenMints) > 0 {
		t.Errorf("%s", showStatus(r))
	}
	k := r.Keys[0]
	if k.ID != key || k.AgeSeconds/86400 != 40 || k.Service == "" || !k.InUse || !k.Ours || len(k.Secrets) != 2 || len(r.Keys) != 1 {
		t.Errorf("keys %+v", r.Keys)
	}
	if x := r.Release; x == nil || x.ChartVersion != "0.16.2" || !x.Ours || !x.Available || !slices.Equal(x.ServedVersions, []string{"v1", "v1beta1"}) {
		t.Errorf("release %+v", x)
	}
	if r.Resources[1].Step != "iam-policy" || !slices.Equal(r.Resources[1].Owners, []string{r.Cluster.ID + "/status-well"}) {
		t.Errorf("resources %+v", r.Resources)
	}
	want := []bootstrap.StatusObject{
		{Kind: "SecretStore", Name: "gen3-secret-store", Ready: "True"},
		{Kind: "ExternalSecret", Name: "fence-config", Ready: "False", Reason: "error processing spec.data[0] (key: fence-config), err: Secret does not exist"},
	}
	if !slices.Equal(r.Objects, want) {
		t.Errorf("objects %+v", r.Objects)
	}
	if _, err := s.status(t, 41*24*time.Hour); err != nil {
		t.Errorf("41 days allowed: %v", err)
	}
	if r, err := s.status(t, 39*24*time.Hour); !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(r.Errors[0].Message, key) ||
		!strings.Contains(r.Errors[0].Hint, "then run `gen3-bootstrap up`") {
		t.Errorf("39 days allowed: %v %+v", err, r.Errors)
	}
	s.settings.SecretPrefixes = []string{"gen3-"} // what a flag says counts, and differs
	if r := s.mustStatus(t); !r.Drift {
		t.Errorf("%s", showStatus(r))
	}
	s.settings.SecretPrefixes = nil
	s.mustTeardown(t, bootstrap.TeardownOptions{Force: true, DeleteCRDs: true})
}

func (c *cluster) condition(t *testing.T, namespace, resource, name, status, reason, message string) {
	t.Helper()
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q,"reason":%q,"message":%q}]}}`, status, reason, message)
	_, err := c.dynamic.Resource(external(resource)).Namespace(namespace).Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	must(t, err)
}

func (c *cluster) warning(t *testing.T, namespace, name, message string) {
	t.Helper()
	_, err := c.kube.CoreV1().Events(namespace).Create(t.Context(), &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: name + "-"},
		InvolvedObject: corev1.ObjectReference{Kind: "ExternalSecret", Namespace: namespace, Name: name},
		Type:           corev1.EventTypeWarning, Reason: "UpdateFailed", Message: message, LastTimestamp: metav1.Now(),
	}, metav1.CreateOptions{})
	must(t, err)
}

func testStatusIRSA(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-irsa")
	s.settings.SkipHelm, s.settings.IRSA, s.settings.CreateOIDCProvider = true, true, true
	s.up(t)
	s.forget()
	r := s.mustStatus(t)
	if r.Drift || r.Mode != "irsa" || len(r.Keys)+len(r.Secrets) > 0 || r.Role == nil || len(r.Role.Trusts) != 1 {
		t.Fatalf("%s", showStatus(r))
	}
	if want := c.Issuer + " system:serviceaccount:status-irsa:secret-store-sa"; r.Role.Trusts[0] != want {
		t.Errorf("trusts %v, want %s", r.Role.Trusts, want)
	}
	if _, err := s.status(t, time.Second); err != nil {
		t.Errorf("no key is too old: %v", err)
	}
	s.mustTeardown(t, bootstrap.TeardownOptions{DeleteProvider: true})
}

func testStatusGlobal(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-global")
	s.settings.SkipHelm, s.settings.UseGlobalUser = true, true
	_, err := s.aws.AddUser("global", nil)
	must(t, err)
	id, err := s.aws.AddKey("global")
	must(t, err)
	s.aws.SetKeyCreated(id, time.Now().Add(-100*24*time.Hour))
	s.up(t)
	s.forget()
	_, err = c.kube.CoreV1().Secrets("status-global").Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "gen3-aws-config"},
		StringData: map[string]string{"access-key": id, "secret-access-key": s.aws.SecretOf(id)},
	}, metav1.CreateOptions{})
	must(t, err)
	r := s.mustStatus(t)
	if r.Mode != "global-user" || len(r.Keys) != 1 || r.Keys[0].User != "global" || r.Keys[0].Ours || !r.Keys[0].InUse {
		t.Errorf("%s", showStatus(r))
	}
	if r, err := s.status(t, 90*24*time.Hour); !errors.Is(err, bootstrap.ErrFailed) || len(r.Errors) != 1 ||
		!strings.Contains(r.Errors[0].Hint, "put that into Secret status-global/gen3-aws-config") || strings.Contains(r.Errors[0].Hint, "`gen3-bootstrap up`") {
		t.Errorf("key of 100 days: %v %+v", err, r.Errors)
	}
}

func testStatusHalf(t *testing.T, c *cluster) {
	user := bootstrap.DefaultUserName
	secret := func(name string) string { return "secret/status-half/" + name }
	for name, test := range map[string]struct {
		spoil func(*testing.T, *stage)
		want  []string // in resources' texts
		mints int
	}{
		"intent without key": {func(t *testing.T, s *stage) {
			s.intend(t, time.Now().Add(-time.Hour), time.Now().Add(-59*time.Minute))
		}, []string{"no key was made"}, 1},
		"key without Secret": {func(t *testing.T, s *stage) {
			s.intend(t, time.Now().Add(-time.Minute), time.Now().Add(time.Second))
			_, err := s.aws.AddKey(user)
			must(t, err)
		}, []string{"delete access-key/", "a run that ended before storing it made it"}, 1},
		"one Secret of two": {func(t *testing.T, s *stage) {
			must(t, s.kube.CoreV1().Secrets("status-half").Delete(t.Context(), "gen3-aws-config", metav1.DeleteOptions{}))
		}, []string{"create " + secret("gen3-aws-config"), "none " + secret("external-secrets-user-secret")}, 0},
		"key inactive": {func(_ *testing.T, s *stage) {
			s.aws.SetKeyStatus(s.aws.Keys(user)[0].ID, "Inactive")
		}, []string{"which is inactive", "it is ours and inactive"}, 0},
		"record lost": {func(t *testing.T, s *stage) {
			must(t, s.kube.CoreV1().ConfigMaps("status-half").Delete(t.Context(), "gen3-bootstrap", metav1.DeleteOptions{}))
		}, []string{"works", "create configmap/status-half/gen3-bootstrap"}, 0},
		"Secret edited by hand": {func(t *testing.T, s *stage) {
			patch := []byte(`{"stringData":{"credentials":"mine"}}`)
			_, err := s.kube.CoreV1().Secrets("status-half").Patch(t.Context(), "gen3-aws-config", types.MergePatchType, patch, metav1.PatchOptions{})
			must(t, err)
		}, []string{"update " + secret("gen3-aws-config"), "its entries are not the three"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.newStage(t, awsfake.Start(t), "status-half")
			s.settings.SkipHelm = true
			s.up(t)
			s.forget()
			test.spoil(t, s)
			r := s.mustStatus(t)
			var text strings.Builder
			for _, x := range r.Resources {
				fmt.Fprintf(&text, "%s %s: %s\n", x.Action, x.Resource, x.Reason)
			}
			for _, want := range test.want {
				if !strings.Contains(text.String(), want) {
					t.Errorf("%q is not in\n%s", want, text.String())
				}
			}
			if len(r.OpenMints) != test.mints {
				t.Errorf("open mints %+v", r.OpenMints)
			}
			must(t, s.kube.CoreV1().Namespaces().Delete(t.Context(), "status-half", metav1.DeleteOptions{}))
			c.awaitGone(t, "status-half")
		})
	}
}

// intend announces a mint on the user, as a run that was killed leaves it.
func (s *stage) intend(t *testing.T, started, deadline time.Time) {
	t.Helper()
	user := bootstrap.DefaultUserName
	system, err := s.kube.CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
	must(t, err)
	key := "gen3-bootstrap/minting/" + string(system.UID) + "/" + s.settings.Namespace
	value := started.UTC().Format(time.RFC3339) + " " + deadline.UTC().Format(time.RFC3339) + " " + s.aws.Keys(user)[0].ID
	_, err = s.iam().TagUser(t.Context(), &iam.TagUserInput{UserName: &user, Tags: []iamtypes.Tag{{Key: &key, Value: &value}}})
	must(t, err)
}

func testStatusDenied(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-denied")
	s.settings.SkipHelm = true
	s.up(t)
	s.forget()
	key := s.aws.Keys(bootstrap.DefaultUserName)[0].ID
	allow := s.aws.Deny("iam:*")
	defer allow()
	r := s.mustStatus(t)
	if len(r.Unread) < 2 || len(r.Secrets) != 2 || r.Secrets[0].KeyID != key {
		t.Errorf("%s", showStatus(r))
	}
	for _, p := range r.Unread {
		if !strings.Contains(p.Message, "AccessDenied") {
			t.Errorf("unread %+v", p)
		}
	}
	if r, err := s.status(t, time.Hour); !errors.Is(err, bootstrap.ErrFailed) || len(r.Errors) != 1 {
		t.Errorf("an age that may not be read: %v %+v", err, r.Errors)
	}
	allow()
	s.mustTeardown(t, bootstrap.TeardownOptions{})
}

func testStatusRestricted(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-few")
	s.up(t)
	s.forget()
	s.settings.Kubeconfig = c.RestrictedKubeconfig
	r := s.mustStatus(t)
	if len(r.Unread) == 0 || len(r.Warnings) > 0 || r.Drift || len(r.Resources) == 0 {
		t.Errorf("%s", showStatus(r))
	}
	if r, err := s.status(t, 90*24*time.Hour); !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(r.Errors[0].Message, "not every access key") {
		t.Errorf("whose the keys are may not be read: %v %+v", err, r.Errors)
	}
	s.settings.Kubeconfig = c.Kubeconfig
	s.mustTeardown(t, bootstrap.TeardownOptions{})
}

func testStatusLock(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-lock")
	s.settings.SkipHelm = true
	c.namespace(t, "status-lock")
	holder := `{"user":"ada","host":"laptop","machine":"elsewhere","pid":77,"born":1,"started":"2026-01-02T03:04:05Z","command":"gen3-bootstrap up"}`
	_, err := c.kube.CoordinationV1().Leases("status-lock").Create(t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "gen3-bootstrap"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &metav1.MicroTime{Time: time.Now()}},
	}, metav1.CreateOptions{})
	must(t, err)
	if r := s.mustStatus(t); r.Lock == nil || !strings.Contains(r.Lock.Holder, "ada on laptop, process 77 (gen3-bootstrap up)") || !r.Lock.Expires.Equal(r.Lock.Renewed) {
		t.Errorf("lock %+v", r.Lock)
	}
}
