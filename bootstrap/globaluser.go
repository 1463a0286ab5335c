package bootstrap

import (
	"context"
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// globalUser looks for the Secret of a user that the operator keeps himself. It writes nothing and asks AWS nothing:
// in this mode the account's IAM is the operator's own.
type globalUser struct {
	secrets *kube.KeySecrets // of the one Secret
	irsa    bool             // the chart's SecretStore takes a role, so that only others read the Secret

	warnings []string
}

// Name is the step's name: it stands where the key is otherwise made.
func (g *globalUser) Name() string { return accesskey.Step }

// Observe looks at the Secret. What is wrong with it is a warning, as the operator may bring it later.
func (g *globalUser) Observe(ctx context.Context) ([]plan.Change, error) {
	held, err := g.secrets.Observe(ctx)
	if err != nil {
		return nil, err
	}
	h := held[0]
	var reason string
	g.warnings = nil
	unwell := !h.Exists || h.Key.ID == "" || h.Terminating
	switch {
	case !h.Exists:
		reason = "absent; it is yours to make"
		g.warn(fmt.Sprintf("Secret %s is not there: %s", h.Name, g.readers()))
	case h.Key.ID == "":
		reason = "it holds no access key"
		g.warn(fmt.Sprintf("Secret %s holds no access key: %s", h.Name, g.readers()))
	default:
		reason = "holds access key " + h.Key.ID
		if !h.Complete {
			g.warn(fmt.Sprintf("Secret %s has no entry credentials that fits its key: fence usersync and the proxies mount it", h.Name))
		}
	}
	if h.Terminating {
		reason += "; it is being deleted"
		g.warn(fmt.Sprintf("Secret %s is being deleted, and is yours to make again: %s", h.Name, g.readers()))
	}
	if name := g.secrets.Names[0]; name != ChartSecretName && !g.irsa {
		g.warn(fmt.Sprintf("the gen3 chart's SecretStore reads Secret %s and no other; %s serves it only under that name", ChartSecretName, name))
	}
	return []plan.Change{{Step: accesskey.Step, Resource: plan.At(plan.Secret, h.Name), Action: plan.None, Reason: reason, Unwell: unwell}}, nil
}

// readers says who will look for the Secret, and for what in it.
func (g *globalUser) readers() string {
	if g.irsa {
		return "the gen3 chart's SecretStore takes the role, but fence usersync and the proxies mount a key's entry credentials"
	}
	return fmt.Sprintf("the gen3 chart's SecretStore will look for Secret %s in namespace %s, entries access-key and secret-access-key (fence usersync and the proxies also mount entry credentials)",
		ChartSecretName, g.secrets.Namespace)
}

func (g *globalUser) warn(text string) { g.warnings = append(g.warnings, text) }

// Warnings is what the operator should know about the Secret.
func (g *globalUser) Warnings() []string { return g.warnings }

// Apply has nothing to do.
func (g *globalUser) Apply(context.Context, event.Sink) error { return nil }
