package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// rotate runs in this process, with names from the record alone, as from the command line.
func (w *world) rotate(ctx context.Context, o bootstrap.Rotation) (bootstrap.Result, error) {
	settings := w.settings
	settings.PolicyName, settings.UserName, settings.IAMPath, settings.GlobalUserSecret, settings.ServiceAccount = "", o.UserName, "", "", ""
	result, err := bootstrap.Rotate(ctx, settings, o, w.env())
	fmt.Fprintf(w.output, "result %+v error %+v\n", result, err)
	return result, err
}

func (w *world) mustRotate(t *testing.T, o bootstrap.Rotation) bootstrap.Result {
	t.Helper()
	result, err := w.rotate(t.Context(), o)
	if err != nil {
		t.Fatalf("rotate: %v\n%s%s", err, changes(result), problems(result))
	}
	return result
}

// copyName is a Secret of the gen3 chart's kind that somebody filled from the one of gen3-bootstrap, label and all.
const copyName = "fence-aws-config"

// copySecret makes a copy of the key's Secret, with an entry of its own.
func (w *world) copySecret(t *testing.T, namespace, name string, ours bool) {
	t.Helper()
	secret := w.secret(t, bootstrap.ChartSecretName)
	made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: secret.Data}
	made.Data["extra"] = []byte("kept")
	if ours {
		made.Labels = map[string]string{kube.ManagedByLabel: kube.ManagedBy}
	}
	_, err := w.kube.CoreV1().Secrets(namespace).Create(t.Context(), made, metav1.CreateOptions{})
	check(t, "copy Secret", err)
}

func convergeWithCopy(t *testing.T, w *world) []string {
	t.Helper()
	w.mustUp(t)
	w.copySecret(t, w.namespace, copyName, true)
	w.forgetCalls()
	return nil
}

// hasRotated: one live key, in the copy as well, which keeps what is not the key's; nothing is announced any more.
func hasRotated(t *testing.T, w *world, _ []string) error {
	t.Helper()
	id := w.liveKey(t)
	data := w.secret(t, copyName).Data
	if string(data["access-key"]) != id || string(data["secret-access-key"]) != w.aws.SecretOf(id) || string(data["extra"]) != "kept" {
		t.Errorf("the copy holds %s in %d entries, want %s in four", data["access-key"], len(data), id)
	}
	for key := range w.userTags(t) {
		if strings.Contains(key, "replacing/") || strings.Contains(key, "minting/") {
			t.Errorf("the user still carries tag %s", key)
		}
	}
	return nil
}

// mustHoldWorkingKeys is the promise at each moment of a rotation.
func (w *world) mustHoldWorkingKeys(t *testing.T) {
	t.Helper()
	for _, name := range append(w.settings.KeySecretNames(), copyName) {
		data := w.secret(t, name).Data
		id := string(data["access-key"])
		keys := w.aws.Keys(bootstrap.DefaultUserName)
		i := slices.IndexFunc(keys, func(k awsfake.Key) bool { return k.ID == id })
		if i < 0 || keys[i].Status != "Active" || w.aws.SecretOf(id) != string(data["secret-access-key"]) {
			t.Errorf("Secret %s holds key %s, which does not work", name, id)
		}
	}
}

// TestRotateReplacesTheKey also in a copy that is ours, and a second time.
func TestRotateReplacesTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	first := w.liveKey(t)
	for range 2 {
		result := w.mustRotate(t, bootstrap.Rotation{})
		check(t, "see the end", hasRotated(t, w, nil))
		second := w.liveKey(t)
		if second == first || !slices.ContainsFunc(result.Changes, func(c plan.Change) bool {
			return c.Action == plan.Delete && c.Resource == plan.Of(plan.AccessKey, first)
		}) {
			t.Fatalf("the key was %s and is %s:\n%s", first, second, changes(result))
		}
		first = second
	}
	w.mustBeConverged(t)
}

// TestRotateWithNothingToDoWritesNothing where the key is young, and in a dry run.
func TestRotateWithNothingToDoWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	for name, o := range map[string]bootstrap.Rotation{
		"young":   {Rotation: accesskey.Rotation{OlderThan: 24 * time.Hour}},
		"dry run": {DryRun: true},
	} {
		w.forgetCalls()
		result := w.mustRotate(t, o)
		if writes := len(w.aws.Writes()) + len(w.proxy.Writes()); writes > 0 || result.Changed != o.DryRun {
			t.Errorf("%s: %d writes, changed %v:\n%s", name, writes, result.Changed, changes(result))
		}
	}
}

// TestRotateWaitsForPodsThatReadAtTheirStart: the old key stays active until they were started anew, by hand or with --restart.
func TestRotateWaitsForPodsThatReadAtTheirStart(t *testing.T) {
	t.Parallel()
	sb := anySandbox(t)
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart %v", restart), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sb)
			convergeWithCopy(t, w)
			w.runReader(t, "fence")
			old := w.liveKey(t)
			w.awaitOlderPods(t)
			result := w.mustRotate(t, bootstrap.Rotation{Rotation: accesskey.Rotation{Restart: restart}})
			if restart {
				check(t, "see the end", hasRotated(t, w, nil))
				return
			}
			w.mustHoldWorkingKeys(t)
			if !contains(w.keyIDs(), old) || !strings.Contains(strings.Join(bootstrap.Messages(result.Warnings), "\n"), "deployment/"+w.namespace+"/fence") {
				t.Fatalf("keys %v, warnings %v", w.keyIDs(), result.Warnings)
			}
			planned, err := w.plan(t.Context())
			if err != nil || planned.Changed || !strings.Contains(changes(planned), "still have it") {
				t.Fatalf("plan: %v\n%s%s", err, changes(planned), problems(planned))
			}
			readers := w.kube.AppsV1().Deployments(w.namespace)
			check(t, "delete Deployment", readers.Delete(t.Context(), "fence", metav1.DeleteOptions{}))
			poll(t, "the pods to end", func() bool {
				pods, err := w.kube.CoreV1().Pods(w.namespace).List(t.Context(), metav1.ListOptions{})
				return err == nil && len(pods.Items) == 0
			})
			w.mustUp(t)
			check(t, "see the end", hasRotated(t, w, nil))
			w.mustBeConverged(t)
		})
	}
}

// runReader runs a Deployment whose pods read the copy when they start.
func (w *world) runReader(t *testing.T, name string) {
	t.Helper()
	labels := map[string]string{"app": name}
	from := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: copyName}, Key: "access-key"}
	_, err := w.kube.AppsV1().Deployments(w.namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: name, Image: name, Env: []corev1.EnvVar{{Name: "AWS_ACCESS_KEY_ID", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: from}}},
				}}},
			},
		},
	}, metav1.CreateOptions{})
	check(t, "run Deployment", err)
}

// awaitOlderPods waits until a second has passed since all pods began, since times of Kubernetes are whole seconds.
func (w *world) awaitOlderPods(t *testing.T) {
	t.Helper()
	poll(t, "the pods to run for a second", func() bool {
		pods, err := w.kube.CoreV1().Pods(w.namespace).List(t.Context(), metav1.ListOptions{})
		return err == nil && len(pods.Items) > 0 && !slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool {
			return p.Status.StartTime == nil || time.Since(p.Status.StartTime.Time) < 1500*time.Millisecond
		})
	})
}

// TestRotateKeepsTheOldKeyForItsGrace: inactive within the run, and deleted by a later one.
func TestRotateKeepsTheOldKeyForItsGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	convergeWithCopy(t, w)
	old := w.liveKey(t)
	result := w.mustRotate(t, bootstrap.Rotation{Rotation: accesskey.Rotation{Grace: new(time.Hour)}})
	w.mustHoldWorkingKeys(t)
	keys := w.aws.Keys(w.settings.UserName)
	if i := slices.IndexFunc(keys, func(k awsfake.Key) bool { return k.ID == old }); i < 0 || keys[i].Status == "Active" {
		t.Fatalf("keys %v, want %s inactive\n%s", keys, old, changes(result))
	}
	w.mustBeConverged(t) // it is not time yet
	again := w.mustRotate(t, bootstrap.Rotation{})
	if again.Changed || len(w.keyIDs()) != 2 {
		t.Errorf("another rotation before the end of the first: %v\n%s", w.keyIDs(), changes(again))
	}
	tag := replacingTag(t, w)
	w.mustRotate(t, bootstrap.Rotation{Rotation: accesskey.Rotation{Grace: new(2 * time.Hour)}})
	if now := w.userTags(t)[tag]; !strings.Contains(now, " 2h0m0s ") {
		t.Errorf("the grace did not become two hours: %s", now)
	}
	w.mustBeConverged(t)
	w.tagUser(t, w.settings.UserName, tag, strings.Replace(w.userTags(t)[tag], "2h0m0s", "0s", 1))
	w.mustUp(t)
	check(t, "see the end", hasRotated(t, w, nil))
}

func replacingTag(t *testing.T, w *world) string {
	t.Helper()
	for key := range w.userTags(t) {
		if strings.Contains(key, "replacing/") {
			return key
		}
	}
	t.Fatal("the user carries no tag of a rotation")
	return ""
}

func (w *world) keyIDs() []string {
	var out []string
	for _, k := range w.aws.Keys(w.settings.UserName) {
		out = append(out, k.ID)
	}
	return out
}

// letRead attaches a policy to a user by which it may read all secrets.
func (w *world) letRead(user string) error {
	arn, err := w.aws.AddPolicy("read-all", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}}`, nil)
	if err != nil {
		return err
	}
	return w.aws.Attach("arn:aws:iam::"+account+":user/"+user, arn)
}

// TestRotateOfAGlobalUser names who else has its key, and changes them all with --adopt alone.
func TestRotateOfAGlobalUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))
	const user = "global"
	_, err := w.aws.AddUser(user, nil)
	check(t, "make user", err)
	check(t, "let the user read", w.letRead(user))
	old, err := w.aws.AddKey(user)
	check(t, "make key", err)
	w.settings.UseGlobalUser = true
	other := newWorld(t, w.sandbox).namespace
	for _, namespace := range []string{w.namespace, other} {
		w.storeForeign(t, namespace, bootstrap.DefaultGlobalUserSecret, old, "")
	}
	w.mustUp(t)
	w.forgetCalls()
	for _, refusal := range []struct {
		user  string
		wants []string
	}{
		{"", []string{"--user-name is missing"}},
		{user, []string{w.namespace + "/gen3-aws-config", other + "/gen3-aws-config"}},
	} {
		result, err := w.rotate(t.Context(), bootstrap.Rotation{UserName: refusal.user})
		for _, want := range refusal.wants {
			if err == nil || !hasProblem(result, want) && !strings.Contains(changes(result), want) || len(w.aws.Writes()) > 0 {
				t.Errorf("user %q: %v, want %q and no write\n%s%s", refusal.user, err, want, changes(result), problems(result))
			}
		}
	}
	w.settings.Adopt = true
	w.mustRotate(t, bootstrap.Rotation{UserName: user})
	keys := w.aws.Keys(user)
	if len(keys) != 1 || keys[0].ID == old {
		t.Fatalf("the user has keys %v, want one that is not %s", keys, old)
	}
	for _, namespace := range []string{w.namespace, other} {
		secret, err := w.kube.CoreV1().Secrets(namespace).Get(t.Context(), bootstrap.DefaultGlobalUserSecret, metav1.GetOptions{})
		if err != nil || string(secret.Data["access-key"]) != keys[0].ID || string(secret.Data["secret-access-key"]) != w.aws.SecretOf(keys[0].ID) {
			t.Errorf("Secret in %s holds %s, want %s; %v", namespace, secret.Data["access-key"], keys[0].ID, err)
		}
	}
}
