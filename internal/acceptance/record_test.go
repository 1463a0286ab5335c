package acceptance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/values"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// editRecord changes the settings in the record as their owner could.
func (w *world) editRecord(t *testing.T, change func(*bootstrap.Recorded)) {
	t.Helper()
	api := w.kube.CoreV1().ConfigMaps(w.namespace)
	object, err := api.Get(t.Context(), kube.RecordName, metav1.GetOptions{})
	check(t, "get record", err)
	var r bootstrap.Recorded
	check(t, "read record", json.Unmarshal([]byte(object.Data["settings"]), &r))
	change(&r)
	text, err := json.Marshal(r)
	check(t, "encode record", err)
	object.Data["settings"] = string(text)
	_, err = api.Update(t.Context(), object, metav1.UpdateOptions{})
	check(t, "write record", err)
}

// TestRecordThatIsFull: an up that adds an entry to a full record would write one that no command reads again.
func TestRecordThatIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.mustUp(t)
	w.editRecord(t, func(r *bootstrap.Recorded) {
		for i := len(r.Made); i < 200; i++ {
			r.Made = append(r.Made, bootstrap.Made{Kind: plan.IAMUser, Account: r.Account, Name: fmt.Sprintf("user-%d", i)})
		}
	})
	w.mustBeConverged(t)
	w.settings.UserName = "one-more"
	w.forgetCalls()
	result, err := w.up(t.Context())
	if err == nil || !hasProblem(result, "a record at most 200") || !hasProblem(result, "kubectl -n "+w.namespace+" delete configmap gen3-bootstrap") {
		t.Errorf("error %v, without the limit or the way out:\n%s", err, problems(result))
	}
	if writes := w.aws.Writes(); len(writes) > 0 {
		t.Errorf("the refused run wrote %v", writes)
	}
	check(t, "delete record", w.kube.CoreV1().ConfigMaps(w.namespace).Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{}))
	w.mustUp(t)
	w.mustBeConverged(t)
}

// TestRecordThatGoesMeanwhile: somebody deletes the record while up makes what it tells of.
func TestRecordThatGoesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.proxy.OnCall(func(phase kubeproxy.Phase, c kubeproxy.Call) {
		if phase == kubeproxy.Before && c.Verb == "create" && c.Resource == "secrets" {
			err := w.kube.CoreV1().ConfigMaps(w.namespace).Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				t.Error(err)
			}
		}
	})
	result, err := w.up(t.Context())
	if err == nil || !strings.Contains(problems(result), "it was deleted while this run was at work") {
		t.Errorf("error %v\n%s", err, problems(result))
	}
	w.proxy.OnCall(nil)
	w.mustUp(t)
	w.mustBeConverged(t)
	w.liveKey(t)
}

// TestRoleThatTheRecordNames: who may write the record could name any role of the account.
func TestRoleThatTheRecordNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	w.settings.IRSA, w.settings.CreateOIDCProvider = true, true
	w.mustUp(t)
	_, err := w.aws.AddRole("admins", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`, nil)
	check(t, "add role", err)
	w.editRecord(t, func(r *bootstrap.Recorded) { r.RoleName = "admins" })
	settings := w.settings
	settings.RoleName = ""
	got, err := values.Run(t.Context(), settings, values.Options{}, w.env())
	if err == nil || strings.Contains(got.Text, "admins") || !strings.Contains(fmt.Sprint(got.Errors), "get IAM role admins: there is none of this namespace") {
		t.Errorf("error %v, %+v\n%s", err, got.Errors, got.Text)
	}
	settings.RoleName = "admins"
	if got, err = values.Run(t.Context(), settings, values.Options{}, w.env()); err != nil || !strings.Contains(got.Text, "role/admins") {
		t.Errorf("a role that was given: error %v, %+v", err, got.Errors)
	}
}

// TestTraceOfARunIsTaken: a tenant deletes record and Lease right after an up whose key IAM does not show yet.
func TestTraceOfARunIsTaken(t *testing.T) {
	t.Parallel()
	const lag = 500 * time.Millisecond
	w := newWorld(t, anySandbox(t), awsfake.WithVisibilityDelay(lag, false, awsfake.Keys, awsfake.Tags))
	w.settings.Timing.Settle, w.settings.Timing.MintDeadline = lag+lag/3, 4*lag
	w.mustUp(t)
	check(t, "delete record", w.kube.CoreV1().ConfigMaps(w.namespace).Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{}))
	check(t, "delete Lease", w.kube.CoordinationV1().Leases(w.namespace).Delete(t.Context(), kube.RecordName, metav1.DeleteOptions{}))
	w.mustTeardown(t)
	if keys := w.aws.Keys(w.settings.UserName); len(keys) > 0 {
		t.Errorf("keys %+v are left", keys)
	}
	if id := w.userID(w.settings.UserName); id != "" {
		t.Errorf("user %s is left", id)
	}
}
