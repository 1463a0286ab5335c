package helminstall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
)

// webhookPatience is how long a webhook may take to answer once its pods are ready. By then it has its certificate, and what is
// missing is the CA in its configuration and its address in the nodes' tables: seconds. What the network does not let through never
// comes, and each attempt of the API server can take ten seconds.
const webhookPatience = time.Minute

// Available reports that the Deployments which the last Observe saw need not be waited for, so that a run with nothing to do asks
// nothing more.
func (s *Step) Available() bool {
	return s.seen == nil || s.seen.Release == nil || s.allAvailable(stored.Deployments(s.seen.Release.Manifest, s.Namespace))
}

// AwaitWebhook is for when Await has come to its end: it waits until the API server gets an answer from the webhook of the release. Until then no SecretStore and no
// ExternalSecret can be written, however well the pods are. What else refuses the dry run is a warning: the release is not to blame.
func (s *Step) AwaitWebhook(ctx context.Context, sink event.Sink) error {
	switch {
	case s.NoWait || s.seen == nil:
		return nil
	case s.verdict.State == Elsewhere || !s.Ours():
		return s.tellOfWebhook(ctx)
	case s.seen.Release == nil || !s.judgesStores():
		return nil
	}
	client, err := s.storeClient()
	if err != nil {
		return err
	}
	patience := min(s.timeout(), webhookPatience)
	var last webhook.Answer
	var unasked error
	say := s.once(sink)
	_ = wait.PollUntilContextTimeout(ctx, pollInterval, patience, true, func(ctx context.Context) (bool, error) {
		answer, err := webhook.Ask(ctx, client, s.storeVersion(), s.storeNamespace())
		if err != nil && ctx.Err() != nil {
			return false, ctx.Err() // what was last heard tells more
		}
		if last, unasked = answer, err; err == nil && answer.State != webhook.Unreachable {
			return true, nil
		}
		say("the webhook that judges SecretStores to answer the API server: " + cmp.Or(answer.Cause, fmt.Sprint(err)))
		return false, nil
	})
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("wait for the webhook of release %s/%s: %w", s.Namespace, s.Settings.Release, ctx.Err())
	case last.State == webhook.Unreachable:
		return fmt.Errorf("wait for the webhook of release %s/%s: none after %s: %w", s.Namespace, s.Settings.Release, patience, last.Err(s.Invocation))
	case unasked != nil, last.State == webhook.Unknown:
		s.warn("whether the operator's webhook answers is not known: " + cmp.Or(last.Cause, fmt.Sprint(unasked)))
	}
	return ctx.Err()
}

// tellOfWebhook asks once where somebody else keeps the operator, whose values are not ours to set: it warns of a webhook that
// cannot be reached, and is silent where that cannot be told.
func (s *Step) tellOfWebhook(ctx context.Context) error {
	served := servedByAll(s.seen.CRDs)
	if len(served) == 0 {
		return nil
	}
	client, err := s.storeClient()
	if err != nil {
		return err
	}
	answer, err := webhook.Ask(ctx, client, webhook.Version(served), s.storeNamespace())
	if err == nil {
		s.warn(answer.Warning(s.Invocation, false))
	}
	return ctx.Err()
}

func (s *Step) storeClient() (dynamic.Interface, error) {
	client, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		return nil, fmt.Errorf("connect to ask the operator's webhook: %w", err)
	}
	return client, nil
}

func (s *Step) storeNamespace() string { return cmp.Or(s.StoreNamespace, s.Namespace) }

// judgesStores reports whether the release has a webhook that somebody serves: a Deployment without replicas has been told of.
func (s *Step) judgesStores() bool {
	for _, d := range s.seen.deployments {
		if wantedReplicas(d) == 0 {
			return false
		}
	}
	return slices.ContainsFunc(stored.Documents(s.seen.Release.Manifest), func(doc string) bool {
		return stored.OfKind(doc, webhookKind) && strings.Contains(doc, "external-secrets.io")
	})
}

// storeVersion is the API version to ask in: what the chart of the release serves, or its CRDs do.
func (s *Step) storeVersion() string {
	served := servedByAll(s.seen.CRDs)
	if s.verdict.NewChart || len(served) == 0 {
		served = servedBy(s.seen.Release.Chart.Metadata.Version, s.seen.Release.Config)
	}
	if len(served) == 0 {
		return "v1"
	}
	return webhook.Version(served)
}
