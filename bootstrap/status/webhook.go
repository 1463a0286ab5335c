package status

import (
	"cmp"
	"context"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
)

// readWebhook asks whether the operator's webhook answers. A namespace that does not exist yet cannot be asked in, and the release's
// is as good, since one webhook judges all of them.
func (v *status) readWebhook(ctx context.Context) {
	if v.steps.Release == nil {
		return
	}
	t := v.target
	namespace := t.Settings.Namespace
	if t.Namespace == nil && t.Refused.Namespace == nil {
		namespace = t.Settings.Helm.Namespace
	}
	answer, err := t.External.AskWebhook(ctx, namespace)
	if err != nil {
		v.unread(bootstrap.HelmStep, err)
		answer = webhook.Answer{State: webhook.Unknown}
	}
	v.webhook = answer
}

// describeWebhook tells a webhook that does not answer with what cures it: by up where the release is ours.
func (v *status) describeWebhook() {
	out := v.result.Release
	if out == nil {
		return
	}
	out.Webhook, out.WebhookCause = string(cmp.Or(v.webhook.State, webhook.Unknown)), v.webhook.Cause
	if text := v.webhook.Warning(v.target.Settings.Invocation(), out.Ours); text != "" {
		v.result.Warnings = append(v.result.Warnings, bootstrap.Warning{Code: "webhook", Message: text})
	}
}
