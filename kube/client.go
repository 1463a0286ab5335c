// Package kube owns what gen3-bootstrap reads and writes in Kubernetes apart from the Helm release: the key's
// Secrets, the record, the lock, and what identifies a cluster.
//
// Every error says what was being done, and to which object. Callers return it as it is.
package kube

import (
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
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
	Kubeconfig string        // path; empty: KUBECONFIG, else ~/.kube/config
	Context    string        // empty: the current one
	Request    time.Duration // limit for one request, so that a dead server is an error and not a hang
	UserAgent  string
}

// Client is a connection to one cluster.
type Client struct {
	kubernetes.Interface

	Config    *rest.Config
	Context   string // the kubeconfig's name for it
	Server    string // URL
	Namespace string // the context's, "default" when it names none
}

// Load reads the kubeconfig. It does not connect. The error of a missing file or context carries a hint.
func Load(t Target) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = t.Kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: t.Context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, hint.With(fmt.Errorf("load kubeconfig: %w", err), kubeconfigHint)
	}
	name := raw.CurrentContext
	if t.Context != "" {
		name = t.Context
	}
	if name == "" {
		return nil, hint.With(fmt.Errorf("load kubeconfig: no current context in %v", rules.GetLoadingPrecedence()), kubeconfigHint)
	}
	if _, ok := raw.Contexts[name]; !ok {
		return nil, hint.With(fmt.Errorf("load kubeconfig: context %q is not in %v", name, rules.GetLoadingPrecedence()),
			"`kubectl config get-contexts` lists those that are")
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, hint.With(fmt.Errorf("load kubeconfig context %q: %w", name, err), kubeconfigHint)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig context %q: %w", name, err)
	}
	return connect(config, t, name, namespace)
}

const kubeconfigHint = "give --kubeconfig or set KUBECONFIG; `aws eks update-kubeconfig --name CLUSTER` writes one for an EKS cluster"

func connect(config *rest.Config, t Target, name, namespace string) (*Client, error) {
	config.QPS = -1 // a run sends a few hundred requests at most; the server has its own fairness
	config.Timeout = t.Request
	config.UserAgent = t.UserAgent
	config.WarningHandler = rest.NoWarnings{} // deprecation warnings would land in the middle of our own output
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to kubernetes context %q: %w", name, err)
	}
	return &Client{Interface: clients, Config: config, Context: name, Server: config.Host, Namespace: namespace}, nil
}
