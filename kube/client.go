// Package kube owns what gen3-bootstrap reads and writes in Kubernetes apart from the Helm release: the key's
// Secrets, the record, the lock, and what identifies a cluster.
//
// Every error says what was being done, and to which object. Callers return it as it is.
package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/uc-cdis/gen3-bootstrap/internal/calls"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// FieldManager names this tool in managedFields.
const FieldManager = "gen3-bootstrap"

// ManagedByLabel with ManagedBy marks every object of ours. What lacks it is never changed or deleted.
const (
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedBy      = "gen3-bootstrap"
)

// Target says which cluster to speak to, in kubectl's terms.
type Target struct {
	Kubeconfig string        // path; empty: KUBECONFIG, else ~/.kube/config, else the pod's ServiceAccount
	Context    string        // empty: the current one
	Request    time.Duration // limit for one request, so that a dead server is an error and not a hang
	Login      time.Duration // how long a credential plugin may take, which may have to ask a person; and others' webhooks
	Terminal   Terminal      // for credential plugins; nil: nobody is there
	UserAgent  string
	Log        *slog.Logger     // of calls; nil: they are not logged
	Now        func() time.Time // with Log
	// Waiting is told whose webhook a write waits for; nil: nobody is.
	Waiting func(message string)

	inCluster func() (*rest.Config, error) // nil: client-go's; else for tests
}

// InCluster is what the context is called where the cluster is the one that the process runs in.
const InCluster = "in-cluster"

// Client is a connection to one cluster.
type Client struct {
	kubernetes.Interface

	Config    *rest.Config
	Context   string // the kubeconfig's name for it, or InCluster
	Server    string // URL
	Namespace string // the context's, "default" when it names none
}

// Load reads the kubeconfig, or in a pod without one what its ServiceAccount has been given, as kubectl does. It does not
// connect, and runs the kubeconfig's credential plugin. The error says what is wrong, with a hint.
func Load(ctx context.Context, t Target) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath, rules.WarnIfAllMissing = t.Kubeconfig, false
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: t.Context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, unreadable(err)
	}
	files := rules.GetLoadingPrecedence()
	if c, err := t.loadInCluster(raw); c != nil || err != nil {
		return c, err
	}
	name := cmp.Or(t.Context, raw.CurrentContext)
	if err := checkContext(raw, name, files); err != nil {
		return nil, err
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, unusable(err, name)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, unusable(err, name)
	}
	by, err := signIn(ctx, config, t)
	if err != nil {
		return nil, notSignedIn(err, name)
	}
	return connect(config, by, t, name, namespace)
}

// loadInCluster returns nil where a kubeconfig says something, or the process is in no pod.
func (t Target) loadInCluster(raw api.Config) (*Client, error) {
	_, named := raw.Contexts[InCluster]
	if wanted := t.Context == InCluster && !named || t.Context == "" && t.Kubeconfig == "" && api.IsConfigEmpty(&raw); !wanted {
		return nil, nil
	}
	load := t.inCluster
	if load == nil {
		load = rest.InClusterConfig
	}
	config, err := load()
	if errors.Is(err, rest.ErrNotInCluster) && t.Context == "" {
		return nil, nil
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("load in-cluster configuration: %w", err), "it is there in a pod that has a ServiceAccount's token mounted (automountServiceAccountToken)")
	}
	namespace := "default"
	if data, err := os.ReadFile(filepath.Join(filepath.Dir(config.BearerTokenFile), "namespace")); err == nil {
		namespace = cmp.Or(strings.TrimSpace(string(data)), namespace)
	}
	return connect(config, nil, t, InCluster, namespace)
}

// dialLimit is how long a connection may take to come about. A server that can be reached at all answers in a fraction of it.
const dialLimit = 5 * time.Second

func connect(config *rest.Config, by *login, t Target, name, namespace string) (*Client, error) {
	config.QPS = -1    // a run sends a few hundred requests at most; the server has its own fairness
	config.Timeout = 0 // which would be one for all attempts
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return transport{next: next, limit: t.Request, patience: t.Login, waiting: t.Waiting}
	})
	if t.Log != nil {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return calls.Transport{Next: next, Log: t.Log, Now: t.Now}
		})
	}
	config.Dial = (&net.Dialer{Timeout: dialLimit, KeepAlive: 30 * time.Second}).DialContext
	if by != nil {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return signed{login: by, next: next} })
	}
	config.UserAgent = t.UserAgent
	config.WarningHandler = rest.NoWarnings{} // deprecation warnings would land in the middle of our own output
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, unusable(err, name)
	}
	return &Client{Interface: clients, Config: config, Context: name, Server: redact.Words(config.Host), Namespace: namespace}, nil
}
