package external

import (
	"context"

	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
)

// AskWebhook tells whether the operator's webhook answers the API server, by a dry run of a SecretStore in a namespace that exists. A
// cluster that serves no SecretStores has none.
func (e *Objects) AskWebhook(ctx context.Context, namespace string) (webhook.Answer, error) {
	served, err := e.ServedVersions(ctx)
	if err != nil || len(served) == 0 {
		return webhook.Answer{State: webhook.None}, err
	}
	return webhook.Ask(ctx, e.dynamic, webhook.Version(served), namespace)
}
