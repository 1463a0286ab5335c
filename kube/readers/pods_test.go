package readers

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// TestUses has a row for each way in which a pod can read a Secret.
func TestUses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec string
		want string // "+" reads at its start alone
	}{
		"nothing":                {`containers: [{name: a, env: [{name: X, value: y}]}]`, ""},
		"another Secret":         {`containers: [{name: a, envFrom: [{secretRef: {name: other}}]}]`, ""},
		"a ConfigMap so called":  {`containers: [{name: a, envFrom: [{configMapRef: {name: key}}]}]`, ""},
		"one variable":           {`containers: [{name: a, env: [{name: X, valueFrom: {secretKeyRef: {name: key, key: access-key}}}]}]`, "+environment of container a"},
		"all variables":          {`containers: [{name: a, envFrom: [{secretRef: {name: key}}]}]`, "+environment of container a"},
		"both":                   {`containers: [{name: a, envFrom: [{secretRef: {name: key}}], env: [{name: X, valueFrom: {secretKeyRef: {name: copy, key: x}}}]}]`, "+environment of container a"},
		"an init container":      {`initContainers: [{name: i, envFrom: [{secretRef: {name: key}}]}]`, "+environment of init container i"},
		"a volume":               {`{volumes: [{name: v, secret: {secretName: key}}], containers: [{name: a, volumeMounts: [{name: v, mountPath: /aws}]}]}`, "mount of container a"},
		"a volume nobody mounts": {`{volumes: [{name: v, secret: {secretName: key}}], containers: [{name: a}]}`, ""},
		"a file with subPath":    {`{volumes: [{name: v, secret: {secretName: key}}], containers: [{name: a, volumeMounts: [{name: v, mountPath: /aws, subPath: credentials}]}]}`, "+subPath mount of container a"},
		"with an expression":     {`{volumes: [{name: v, secret: {secretName: key}}], containers: [{name: a, volumeMounts: [{name: v, mountPath: /aws, subPathExpr: $(X)}]}]}`, "+subPath mount of container a"},
		"a projected volume":     {`{volumes: [{name: v, projected: {sources: [{configMap: {name: c}}, {secret: {name: copy}}]}}], containers: [{name: a, volumeMounts: [{name: v, mountPath: /aws}]}]}`, "mount of container a"},
		"two containers":         {`{containers: [{name: a, envFrom: [{secretRef: {name: key}}]}, {name: b, envFrom: [{secretRef: {name: copy}}]}]}`, "+environment of container a, +environment of container b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pod corev1.Pod
			if err := yaml.UnmarshalStrict([]byte(test.spec), &pod.Spec); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range uses(&pod, []string{"key", "copy"}) {
				mark := ""
				if u.atStart {
					mark = "+"
				}
				got = append(got, mark+u.how)
			}
			if text := strings.Join(got, ", "); text != test.want {
				t.Errorf("uses are %q, want %q", text, test.want)
			}
		})
	}
}

// TestAContainerThatWasStartedAnewReadAnew although its pod is old.
func TestAContainerThatWasStartedAnewReadAnew(t *testing.T) {
	t.Parallel()
	old, now := metav1.NewTime(time.Unix(1000, 0)), metav1.NewTime(time.Unix(2000, 0))
	reads := []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "key"}}}}
	pod := &corev1.Pod{
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "anew", EnvFrom: reads}, {Name: "waiting", EnvFrom: reads}}},
		Status: corev1.PodStatus{StartTime: &old, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "anew", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}},
		}},
	}
	var began []int64
	for _, u := range uses(pod, []string{"key"}) {
		began = append(began, u.began.Unix())
	}
	if !slices.Equal(began, []int64{2000, 1000}) {
		t.Errorf("they began at %v", began)
	}
}
