package helminstall

import (
	"context"
	"fmt"
	"io"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/storage"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
)

// helm is Helm, set up for one mutating phase.
type helm struct {
	*action.Configuration
	kube    *kubeClient
	secrets *stored.Secrets
}

// newHelm is the only place that builds an action.Configuration.
func (s *Step) newHelm(ctx context.Context) (*helm, error) {
	sess, err := newSession(ctx, s.Config, s.Namespace, s.apis)
	if err != nil {
		return nil, err
	}
	client := kube.New(sess)
	client.Namespace, client.Log = s.Namespace, s.debug
	e := &helm{
		kube: &kubeClient{
			Client: client, ctx: ctx, reads: sess.reads, by: owner.Owner{Release: s.Settings.Release, Namespace: s.Namespace},
		},
		secrets: stored.NewSecrets(ctx, s.Client.CoreV1().Secrets(s.Namespace), s.seen.secrets),
	}
	store := storage.Init(stored.NewDriver(e.secrets, s.Now))
	e.Configuration = &action.Configuration{
		RESTClientGetter: sess, Releases: store, KubeClient: e.kube, Log: s.debug, Capabilities: s.apis.capabilities,
		HookOutputFunc: func(_, _, _ string) io.Writer { return io.Discard },
	}
	return e, nil
}

// debug takes Helm's own log lines, which are for developers.
func (s *Step) debug(format string, args ...any) {
	if s.Log != nil {
		s.Log.Debug(fmt.Sprintf(format, args...), "step", s.Name())
	}
}
