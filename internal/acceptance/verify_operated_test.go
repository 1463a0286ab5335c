package acceptance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/verify"
)

// seen is a fault that the real operator meets as well. TestVerify of bootstrap has all of the faults, each without it.
type seen struct {
	name     string
	do, undo func(t *testing.T, o operated, w *world)
	layer    string // that is not well
	state    verify.State
	words    string // that its reason or one of its objects' has
	operator string // what the operator's event on the ExternalSecret "watched" has; "" where it has nothing to say
}

const (
	watched = "watched" // the ExternalSecret that a fault is of
	esV1    = "external-secrets.io/v1"
	creds   = "watch-creds" // the secret that it reads
)

// TestVerifyBesideTheOperator has verify and the operator meet the same faults: what verify calls well is synced, and what it calls
// ill is not.
func TestVerifyBesideTheOperator(t *testing.T) {
	t.Parallel()
	o := ownOperated(t)
	w := o.world(t)
	w.settings.UserName = bootstrap.DefaultUserName
	o.put(t, creds, `{"username":"fence","password":"v-secret"}`)
	w.mustRun(t, "up")
	w.mustCreate(t, keyStore)
	w.watch(t, `data: [{secretKey: username, remoteRef: {key: `+creds+`, property: username}}]`)
	w.mustBeSynced(t)
	w.mustVerify(t, seen{name: "nothing"})
	for _, f := range faultsSeen() {
		t.Run(f.name, func(t *testing.T) {
			f.do(t, o, w)
			if f.operator != "" {
				w.mustFail(t, f.operator)
			}
			w.mustVerify(t, f)
			f.undo(t, o, w)
			w.mustBeSynced(t)
			w.mustVerify(t, seen{name: "nothing"})
		})
	}
}

// watch makes the ExternalSecret read something else.
func (w *world) watch(t *testing.T, from string) {
	t.Helper()
	api := w.objects(t, esV1, "ExternalSecret")
	_ = api.Delete(t.Context(), watched, metav1.DeleteOptions{})
	poll(t, "the ExternalSecret to be made", func() bool { return w.create(t, externalSecret("v1", watched, from)) == nil })
}

// mustBeSynced waits until the operator has read well, and lets it try at once again and again: by itself it waits ever longer.
func (w *world) mustBeSynced(t *testing.T) {
	t.Helper()
	poll(t, "the operator to sync", func() bool {
		w.refresh(t)
		reason, _ := w.ready(t, esV1, "ExternalSecret", watched)
		return reason == "SecretSynced"
	})
}

func (w *world) refresh(t *testing.T) {
	t.Helper()
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"try":"%d"}}}`, time.Now().UnixNano())
	_, _ = w.objects(t, esV1, "ExternalSecret").Patch(t.Context(), watched, types.MergePatchType, patch, metav1.PatchOptions{})
}

// mustFail waits until the operator has met the fault and says so.
func (w *world) mustFail(t *testing.T, says string) {
	t.Helper()
	poll(t, "the operator to say "+says, func() bool {
		w.refresh(t)
		reason, _ := w.ready(t, esV1, "ExternalSecret", watched)
		return reason == "SecretSyncedError" && strings.Contains(strings.Join(w.warnings(t, watched), "\n"), says)
	})
}

// mustVerify runs the program: the layer of the fault is as it should be, and no other layer is ill.
func (w *world) mustVerify(t *testing.T, f seen) {
	t.Helper()
	p := w.command(t, "verify", "-o", "json")
	code := w.run(t, p)
	var r verify.Result
	check(t, "parse the document of verify", json.Unmarshal(p.stdout.Bytes(), &r))
	if want := map[bool]int{true: 1, false: 0}[f.state == verify.Failed]; code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
	for _, y := range r.Layers {
		text, _ := json.Marshal(y)
		switch {
		case y.Name == f.layer && (y.State != f.state || !strings.Contains(string(text), f.words) || !strings.Contains(string(text), `"hints":["`)):
			t.Errorf("layer %s is %s, want %s with %q and a hint", y.Name, text, f.state, f.words)
		case y.Name != f.layer && (y.State == verify.Failed || y.State == verify.Warning):
			t.Errorf("layer %s is ill as well: %s", y.Name, text)
		}
	}
	if strings.Contains(p.stdout.String()+p.stderr.String(), "v-secret") {
		t.Error("the value of a secret is printed")
	}
}

// faultsSeen are made one after the other, and each is taken back.
func faultsSeen() []seen {
	user, policy := aws.String(bootstrap.DefaultUserName), aws.String("arn:aws:iam::"+account+":policy/"+bootstrap.DefaultPolicyName)
	well := `data: [{secretKey: username, remoteRef: {key: ` + creds + `, property: username}}]`
	watchWell := func(t *testing.T, _ operated, w *world) { t.Helper(); w.watch(t, well) }
	reads := func(from string) func(*testing.T, operated, *world) {
		return func(t *testing.T, _ operated, w *world) { t.Helper(); w.watch(t, from) }
	}
	key := func(status string) func(*testing.T, operated, *world) {
		return func(t *testing.T, o operated, w *world) { t.Helper(); o.aws.SetKeyStatus(w.liveKey(t), status) }
	}
	pods := func(annotations ...string) func(*testing.T, operated, *world) {
		return func(t *testing.T, o operated, _ *world) {
			t.Helper()
			o.annotatePods(t, "external-secrets-webhook", annotations...)
		}
	}
	scale := func(n int) func(*testing.T, operated, *world) {
		return func(t *testing.T, o operated, _ *world) {
			t.Helper()
			o.patchRelease(t, "external-secrets", fmt.Sprintf(`{"spec":{"replicas":%d}}`, n))
		}
	}
	store := func(spec string) func(*testing.T, operated, *world) {
		return func(t *testing.T, _ operated, w *world) {
			t.Helper()
			_, err := w.objects(t, esV1, "SecretStore").Patch(t.Context(), "gen3-secret-store", types.MergePatchType, []byte(`{"spec":{"provider":{"aws":`+spec+`}}}`), metav1.PatchOptions{})
			check(t, "change the store", err)
		}
	}
	return []seen{
		{"a secret that is missing", reads(`dataFrom: [{extract: {key: watch-cred}}]`), watchWell, "external-secrets", verify.Warning, "there is " + creds, "Secret does not exist"},
		{"a property that is missing", reads(`data: [{secretKey: x, remoteRef: {key: ` + creds + `, property: usernam}}]`), watchWell, "external-secrets", verify.Warning, "has no property usernam; there is username", "usernam"},
		{"a key that is inactive", key("Inactive"), key("Active"), "access-key", verify.Failed, "is inactive", "UnrecognizedClientException"},
		{
			"a policy that is detached", func(t *testing.T, _ operated, w *world) {
				t.Helper()
				_, err := w.iamClient(t).DetachUserPolicy(t.Context(), &iam.DetachUserPolicyInput{UserName: user, PolicyArn: policy})
				check(t, "detach policy", err)
			}, func(t *testing.T, _ operated, w *world) {
				t.Helper()
				_, err := w.iamClient(t).AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: user, PolicyArn: policy})
				check(t, "attach policy", err)
			}, "permission", verify.Failed, "is not attached", "AccessDeniedException",
		},
		{
			"a KMS key that may not be used", func(t *testing.T, o operated, w *world) {
				t.Helper()
				_, err := o.aws.AddSecret(region, "locked", "v-secret", "arn:aws:kms:us-east-1:"+account+":key/1234abcd-12ab-34cd-56ef-1234567890ab", nil)
				check(t, "make secret", err)
				w.watch(t, `data: [{secretKey: x, remoteRef: {key: locked}}]`)
			}, watchWell, "kms", verify.Failed, "--kms-key", "Access to KMS is not allowed",
		},
		{
			"a secret that is scheduled for deletion", func(t *testing.T, o operated, _ *world) {
				t.Helper()
				_, err := o.secrets().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String(creds)})
				check(t, "delete secret", err)
			}, func(t *testing.T, o operated, _ *world) {
				t.Helper()
				_, err := o.secrets().RestoreSecret(t.Context(), &secretsmanager.RestoreSecretInput{SecretId: aws.String(creds)})
				check(t, "restore secret", err)
			}, "external-secrets", verify.Warning, "scheduled for deletion", "UpdateFailed",
		},
		{"a store of another region", store(`{"region":"eu-west-1"}`), store(`{"region":"us-east-1"}`), "store", verify.Failed, "eu-west-1", "Secret does not exist"},
		{"a webhook that cannot be reached", pods(unreachable), pods(), "webhook", verify.Failed, "webhook.hostNetwork=true", ""},
		{"a webhook with a wrong certificate", pods(wrongCertificate), pods(), "webhook", verify.Failed, "does not trust the webhook's certificate", ""},
		{"no pod of the operator", scale(0), scale(1), "operator", verify.Failed, "scaled to 0 replicas", ""},
	}
}
