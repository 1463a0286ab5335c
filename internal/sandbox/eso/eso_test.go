package eso

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// roleVariable makes the test binary act as the operator. A pod's container brings it, as nothing else reaches a process.
const roleVariable = "ESO_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "works", "dies":
		for _, name := range []string{"secretstore", "externalsecret", "pushsecret"} {
			fmt.Printf(`{"msg":"Starting workers","controller":%q}`+"\n", name)
		}
		if os.Getenv(roleVariable) == "works" {
			_, _ = io.Copy(io.Discard, os.Stdin) // it ends with whoever started it
		}
		os.Exit(3)
	case "mute":
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		os.Exit(m.Run())
	}
}

func operatorPod(uid, role string, args ...string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "eso", Name: "pod", UID: types.UID(uid), Labels: map[string]string{"app": "webhook"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Image: "oci.external-secrets.io/external-secrets/external-secrets:v0.16.2", Args: args,
			Env: []corev1.EnvVar{{Name: roleVariable, Value: role}},
		}}},
	}
}

// newFleet runs this test binary, in a cluster with one Service.
func newFleet(t *testing.T) *Fleet {
	t.Helper()
	f, err := New(Options{Program: os.Args[0], Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
	})
	services := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	_ = services.Add(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "eso", Name: "webhook"},
		Spec:       corev1.ServiceSpec{ClusterIP: "127.96.1.2", Selector: map[string]string{"app": "webhook"}},
	}) // never fails
	f.Join(Cluster{
		WriteKubeconfig: func(context.Context, string, string, string) error { return nil },
		ServesKinds:     func() bool { return true },
		Services:        corelisters.NewServiceLister(services),
		Changed:         func(string) {},
	})
	return f
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) { return so(), nil })
	if err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

func TestProcessFollowsItsPod(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	pod := operatorPod("1", "works")
	await(t, "a process that serves", func() bool { return f.Sync(pod).Ready })
	if s := f.Sync(pod); s.Restarts != 0 || s.Failure != "" {
		t.Errorf("state %+v", s)
	}
	if s := f.Sync(operatorPod("2", "mute")); s.Ready { // the next pod of that name
		t.Error("a pod is ready whose process says nothing")
	}
	f.Forget("eso/pod")
	entries, err := os.ReadDir(f.opts.Dir + "/pods")
	if err != nil || len(entries) > 0 {
		t.Errorf("pods that have gone left %v, error %v", entries, err)
	}
}

func TestProcessThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	pod := operatorPod("1", "dies")
	await(t, "three restarts", func() bool { return f.Sync(pod).Restarts >= 3 })
	await(t, "its failure", func() bool { return strings.Contains(f.Sync(pod).Failure, "exit status 3") })
}

func TestProgramThatIsMissingIsAFailureOfItsPod(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.cluster.WriteKubeconfig = func(context.Context, string, string, string) error { return errors.New("no ServiceAccount") }
	pod := operatorPod("1", "works")
	await(t, "its failure", func() bool { return f.Sync(pod).Failure == "no ServiceAccount" })
}

func TestRoute(t *testing.T) {
	t.Parallel()
	const address = "127.96.1.2:443"
	ready := func(port int, change func(*corev1.Pod)) *member {
		pod := operatorPod("1", "", "webhook", "--port=10250")
		change(pod)
		return &member{pod: pod, port: port, state: State{Ready: port > 0}}
	}
	annotate := func(p *corev1.Pod) { p.Annotations = map[string]string{UnreachableAnnotation: "true"} }
	as := func(*corev1.Pod) {}
	for _, c := range []struct {
		name    string
		addr    string
		members []*member
		to      string
		swallow bool
	}{
		{name: "nobody", addr: address, to: address},
		{name: "another address", addr: "127.96.9.9:443", members: []*member{ready(7, as)}, to: "127.96.9.9:443"},
		{name: "not ready", addr: address, members: []*member{ready(0, as)}, to: address},
		{name: "ready", addr: address, members: []*member{ready(7, as)}, to: "127.0.0.1:7"},
		{name: "of another namespace", addr: address, members: []*member{ready(7, func(p *corev1.Pod) { p.Namespace = "x" })}, to: address},
		{name: "of no such label", addr: address, members: []*member{ready(7, func(p *corev1.Pod) { p.Labels = nil })}, to: address},
		{name: "the controllers", addr: address, members: []*member{ready(7, func(p *corev1.Pod) { p.Spec.Containers[0].Args = nil })}, to: address},
		{name: "unreachable", addr: address, members: []*member{ready(7, annotate)}, to: address, swallow: true},
		{name: "unreachable with the kubelet's port", addr: address, members: []*member{ready(7, func(p *corev1.Pod) { annotate(p); p.Spec.HostNetwork = true })}, to: address, swallow: true},
		{name: "cured", addr: address, members: []*member{ready(7, func(p *corev1.Pod) {
			annotate(p)
			p.Spec.HostNetwork, p.Spec.Containers[0].Args = true, []string{"webhook", "--port=10252"}
		})}, to: "127.0.0.1:7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			for i, m := range c.members {
				m.cancel, m.done = func() {}, make(chan struct{})
				close(m.done)
				f.members[strconv.Itoa(i)] = m
			}
			if to, swallow := f.route(c.addr); swallow != c.swallow || !swallow && to != c.to {
				t.Errorf("%s leads to %s, swallowed %v", c.addr, to, swallow)
			}
		})
	}
}

func TestProxySaysWhyNobodyAnswers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	conn, err := net.Dial("unix", f.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprint(conn, "CONNECT 127.96.1.2:443 HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 502 dial tcp 127.96.1.2:443: connect: connection refused\r\n") {
		t.Errorf("got %q, error %v", answer, err)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET got %d", w.Code)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	of := func(image string, args ...string) *corev1.Pod {
		p := operatorPod("1", "", args...)
		p.Spec.Containers[0].Image = image
		return p
	}
	off := operatorPod("1", "")
	off.Annotations = map[string]string{StoppedAnnotation: "true"}
	for _, c := range []struct {
		pod  *corev1.Pod
		want bool
	}{
		{operatorPod("1", ""), true},
		{operatorPod("1", "", "webhook"), true},
		{operatorPod("1", "", "certcontroller"), false},
		{off, false},
		{of("registry.example:5000/mirror/external-secrets/external-secrets:v1@sha256:0"), true},
		{of("registry.example:5000/external-secrets/external-secrets"), true},
		{of("example/external-secrets/external-secrets-docs:v1"), false},
		{&corev1.Pod{}, false},
	} {
		if got := Runs(c.pod); got != c.want {
			t.Errorf("%v: runs %v", c.pod.Spec.Containers, got)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	got := controllerArgs(operatorPod("1", "", "--enable-push-secret-reconciler=false", "--concurrent=1", "--metrics-addr=:8080", "--unknown=1"))
	if !slices.Contains(got, "--enable-push-secret-reconciler=false") || slices.ContainsFunc(got, func(a string) bool {
		return a == "--concurrent=1" || a == "--metrics-addr=:8080" || a == "--unknown=1"
	}) {
		t.Errorf("arguments %q", got)
	}
	if names := awaited(operatorPod("1", "", "--enable-push-secret-reconciler=false")); slices.Contains(names, "pushsecret") {
		t.Errorf("waits for %q", names)
	}
}
