package bootstrap_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
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
func (s *stage) status(t *testing.T, maxKeyAge time.Duration) (status.Result, error) {
	t.Helper()
	s.aws.ResetCalls()
	before := s.objects(t)
	result, err := status.Run(t.Context(), s.settings, maxKeyAge, s.env())
	if writes := s.aws.Writes(); len(writes) > 0 {
		t.Errorf("status wrote: %v", writes)
	}
	same(t, "status", before, s.objects(t))
	if result.Command != "status" || result.DurationSeconds > 20 {
		t.Errorf("command %q, %v s", result.Command, result.DurationSeconds)
	}
	return result, err
}

func (s *stage) mustStatus(t *testing.T) status.Result {
	t.Helper()
	result, err := s.status(t, 0)
	if err != nil {
		t.Fatalf("status: %v\n%s", err, showStatus(result))
	}
	return result
}

func showStatus(r status.Result) string {
	text, _ := json.MarshalIndent(r, "", "  ")
	return string(text)
}

func testStatusEmpty(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-empty")
	if gone, err := s.status(t, 0); err == nil || len(gone.Errors) != 1 || gone.Errors[0].Code != "namespace-absent" && !strings.Contains(gone.Errors[0].Message, "there is no namespace") {
		t.Errorf("without the namespace: %v\n%s", err, showStatus(gone))
	}
	c.namespace(t, "status-empty")
	r := s.mustStatus(t)
	if r.Recorded || !r.Drift || r.Well() || len(r.Warnings) > 0 || len(r.Keys) > 0 || r.Release != nil || r.Lock != nil || len(r.Unread) > 0 {
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
	if x := r.Release; x == nil || x.ChartVersion != "0.16.2" || !x.Ours || !x.Available || !slices.Equal(x.ServedVersions, []string{"v1", "v1beta1"}) || x.Webhook != "none" {
		t.Errorf("release %+v", x)
	}
	if r.Resources[1].Step != "iam-policy" || !slices.Equal(r.Resources[1].Owners, []string{r.Cluster.ID + "/status-well"}) {
		t.Errorf("resources %+v", r.Resources)
	}
	want := []status.Object{
		{Kind: "SecretStore", Name: "gen3-secret-store", Ready: "True"},
		{Kind: "ExternalSecret", Name: "fence-config", Ready: "False", Reason: "error processing spec.data[0] (key: fence-config), err: Secret does not exist"},
	}
	if !slices.Equal(r.Objects, want) {
		t.Errorf("objects %+v", r.Objects)
	}
	c.warning(t, "status-well", "fence-config", "error processing spec.data[0] (key: fence-config), err: AccessDeniedException: Access to KMS is not allowed")
	if o := s.mustStatus(t).Objects[1]; !strings.Contains(o.Hint, "describe-secret --region us-east-1 --secret-id fence-config --query KmsKeyId") || !strings.Contains(o.Hint, "--kms-key") {
		t.Errorf("a KMS refusal: %+v", o)
	}
	if _, err := s.status(t, 41*24*time.Hour); err != nil {
		t.Errorf("41 days allowed: %v", err)
	}
	if r, err := s.status(t, 39*24*time.Hour); !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(r.Errors[0].Message, key) ||
		!strings.Contains(r.Errors[0].Hint, "gen3-bootstrap rotate") {
		t.Errorf("39 days allowed: %v %+v", err, r.Errors)
	}
	s.settings.SecretPrefixes = []string{"gen3-"} // what a flag says counts, and differs
	if r := s.mustStatus(t); !r.Drift {
		t.Errorf("%s", showStatus(r))
	}
	s.settings.SecretPrefixes = nil
	s.settings.Helm.Set, s.settings.Helm.NoWait = []string{"webhook.create=true"}, true // nobody serves it here
	s.settings = s.settings.Named()
	s.settings.Helm.Repo, s.settings.UserName, s.settings.PolicyName = s.ChartRepo, "well-user", "well-policy"
	s.up(t)
	s.forget()
	eventually(t, "the webhook to be missed", func(context.Context) bool { return s.mustStatus(t).Release.Webhook == "unreachable" })
	if r := s.mustStatus(t); !strings.Contains(r.Release.WebhookCause, "connection refused") || !strings.Contains(showStatus(r), "--set webhook.hostNetwork=true --set webhook.port=10252") {
		t.Errorf("%s", showStatus(r))
	}
	s.mustTeardown(t, teardown.Options{Force: true, DeleteCRDs: true})
}

func (c *cluster) condition(t *testing.T, namespace, resource, name, status, reason, message string) {
	t.Helper()
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q,"reason":%q,"message":%q}]}}`, status, reason, message)
	_, err := c.dynamic.Resource(external(resource)).Namespace(namespace).Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	kubetest.Must(t, err)
}

func (c *cluster) warning(t *testing.T, namespace, name, message string) {
	t.Helper()
	_, err := c.kube.CoreV1().Events(namespace).Create(t.Context(), &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: name + "-"},
		InvolvedObject: corev1.ObjectReference{Kind: "ExternalSecret", Namespace: namespace, Name: name},
		Type:           corev1.EventTypeWarning, Reason: "UpdateFailed", Message: message, LastTimestamp: metav1.NewTime(time.Now().Add(time.Duration(c.warned.Add(1)) * time.Second)), // whole seconds
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
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
	s.mustTeardown(t, teardown.Options{DeleteProvider: true})
}

func testStatusGlobal(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-global")
	s.settings.SkipHelm, s.settings.UseGlobalUser = true, true
	_, err := s.aws.AddUser("global", nil)
	kubetest.Must(t, err)
	id, err := s.aws.AddKey("global")
	kubetest.Must(t, err)
	s.aws.SetKeyCreated(id, time.Now().Add(-100*24*time.Hour))
	s.up(t)
	s.forget()
	_, err = c.kube.CoreV1().Secrets("status-global").Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "gen3-aws-config"},
		StringData: map[string]string{"access-key": id, "secret-access-key": s.aws.SecretOf(id)},
	}, metav1.CreateOptions{})
	kubetest.Must(t, err)
	r := s.mustStatus(t)
	if r.Mode != "global-user" || len(r.Keys) != 1 || r.Keys[0].User != "global" || r.Keys[0].Ours || !r.Keys[0].InUse {
		t.Errorf("%s", showStatus(r))
	}
	if r, err := s.status(t, 90*24*time.Hour); !errors.Is(err, bootstrap.ErrFailed) || len(r.Errors) != 1 ||
		!strings.Contains(r.Errors[0].Hint, "put that into Secret status-global/gen3-aws-config") || strings.Contains(r.Errors[0].Hint, "`gen3-bootstrap up`") {
		t.Errorf("key of 100 days: %v %+v", err, r.Errors)
	}
}
