package eso

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// Options say what a fleet runs, and with what.
type Options struct {
	// Program is the path of the operator.
	Program string
	// Dir receives certificates, kubeconfigs and logs.
	Dir string
	// AWSEndpoint is where the controllers find AWS; empty means nowhere.
	AWSEndpoint string
}

// Cluster is what a fleet needs of the API server, once there is one.
type Cluster struct {
	// WriteKubeconfig writes one with the rights of a ServiceAccount.
	WriteKubeconfig func(ctx context.Context, path, namespace, serviceAccount string) error
	// ServesKinds reports whether the API server knows what the operator watches.
	ServesKinds func() bool
	// Services tells which Service an address belongs to.
	Services corelisters.ServiceLister
	// Changed is told a pod (namespace/name) whose state is another one now.
	Changed func(pod string)
}

// Fleet is the operator's processes, one for each pod that has been given to Sync and not to Forget.
type Fleet struct {
	opts     Options
	cluster  Cluster // set before the first pod
	ca       *authority
	stray    *authority // whose certificates do not fit ca
	listener net.Listener
	server   *http.Server

	mu      sync.Mutex
	members map[string]*member // by namespace/name of the pod
}

// New makes a fleet without members, whose proxy serves already.
func New(opts Options) (*Fleet, error) {
	f := &Fleet{opts: opts, members: map[string]*member{}}
	var err error
	if f.ca, err = newAuthority(); err != nil {
		return nil, err
	}
	if f.stray, err = newAuthority(); err != nil {
		return nil, err
	}
	if err := f.listen(); err != nil {
		return nil, err
	}
	return f, nil
}

// Join connects the fleet to the API server.
func (f *Fleet) Join(c Cluster) { f.cluster = c }

// CABundle is what the webhook's configurations have to trust.
func (f *Fleet) CABundle() []byte { return f.ca.pem }

// State is how the process of a pod is.
type State struct {
	// Ready: it serves.
	Ready bool
	// Failure says why it ended last, until it serves again.
	Failure string
	// Restarts counts how often it was started again.
	Restarts int32
}

// Sync has a process run for a pod, and tells its state. A pod of the same name that was there before has gone.
func (f *Fleet) Sync(pod *corev1.Pod) State {
	key := cache.MetaObjectToName(pod).String()
	f.mu.Lock()
	m := f.members[key]
	if m != nil && m.uid == pod.UID {
		f.mu.Unlock()
		return m.look()
	}
	ctx, cancel := context.WithCancel(context.Background())
	next := &member{fleet: f, key: key, uid: pod.UID, pod: pod, cancel: cancel, done: make(chan struct{})}
	f.members[key] = next
	f.mu.Unlock()
	if m != nil {
		m.stop()
	}
	go next.run(ctx)
	return State{}
}

// Forget ends the process of a pod that has gone.
func (f *Fleet) Forget(key string) {
	if f == nil {
		return // a sandbox without an operator has nothing to end
	}
	f.mu.Lock()
	m := f.members[key]
	delete(f.members, key)
	f.mu.Unlock()
	if m != nil {
		m.stop()
	}
}

// Stop ends everything. It may be called again.
func (f *Fleet) Stop() error {
	f.mu.Lock()
	members := f.members
	f.members = map[string]*member{}
	f.mu.Unlock()
	for _, m := range members {
		m.stop()
	}
	if err := f.server.Close(); err != nil {
		return fmt.Errorf("close proxy: %w", err)
	}
	return nil
}

// member is the process of one pod.
type member struct {
	fleet  *Fleet
	key    string
	uid    types.UID
	pod    *corev1.Pod
	cancel context.CancelFunc
	done   chan struct{} // closed when its process has ended for good

	mu    sync.Mutex
	state State
	port  int // of a webhook, while it is ready
}

func (m *member) look() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// stop kills the process, as the end of a pod without a grace period does, and waits for it.
func (m *member) stop() {
	m.cancel()
	<-m.done
}

// How soon a process that died is started again: a cluster's ten seconds and more would outlast most tests.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// run keeps the process running until the pod has gone.
func (m *member) run(ctx context.Context) {
	defer close(m.done)
	pause := firstPause
	for {
		err := m.once(ctx)
		if ctx.Err() != nil {
			return
		}
		m.ended(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// serves is called by what waits for the process to be ready.
func (m *member) serves(port int) {
	m.mu.Lock()
	m.state.Ready, m.state.Failure, m.port = true, "", port
	m.mu.Unlock()
	m.fleet.cluster.Changed(m.key)
}

func (m *member) ended(err error) {
	m.mu.Lock()
	m.state.Ready, m.state.Failure, m.port = false, err.Error(), 0
	m.state.Restarts++
	m.mu.Unlock()
	m.fleet.cluster.Changed(m.key)
}
