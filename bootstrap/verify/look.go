package verify

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/asoperator"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	known "github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// look is one look at everything.
type look struct {
	target  *bootstrap.Target
	options Options
	states  map[string]State // of the layers that were tried already

	cluster seen
	by      asoperator.Principal // reads as the operator; nobody until its credentials are proved
	trials  []trial
	judged  func() []Object // the stores
	names   func() []string // of secrets that exist, where they may be listed
}

// seen is what the cluster showed, each part with why it did not.
type seen struct {
	running helminstall.Running
	unseen  string // of operators
	answer  webhook.Answer
	served  []string
	gen3    *gen3.Release
	held    []credential.Held
	copies  []string // further Secrets that hold the key
	account kube.ServiceAccount
	objects external.Found
	causes  map[string]string // by object
	needs   known.Inventory   // what the objects that live in the namespace say of its secrets

	runningErr, answerErr, servedErr, heldErr, accountErr, objectsErr, needsErr error
}

// observe asks the cluster everything at the same time, since most of it does not depend on the rest.
func (l *look) observe(ctx context.Context) {
	t, s, c := l.target, l.target.Settings, &l.cluster
	_ = bootstrap.Together(
		func() error { c.runningErr = l.observeOperator(ctx); return nil },
		func() error { c.answer, c.answerErr = t.External.AskWebhook(ctx, s.Namespace); return nil },
		func() error { c.served, c.servedErr = t.External.ServedVersions(ctx); return nil },
		func() error { c.gen3, _, _ = gen3.Find(ctx, t.Kube, s.Namespace); return nil }, // without it the newest chart counts
		func() error { c.held, c.heldErr = l.keySecrets().Observe(ctx); return nil },
		func() error { c.account, c.accountErr = asoperator.Account(ctx, t); return nil },
		func() error { c.objects, c.objectsErr = t.External.List(ctx, s.Namespace); return nil },
		func() error { c.needs, c.needsErr = l.observeNeeds(ctx); return nil },
		func() error { c.causes, _ = t.External.Causes(ctx, s.Namespace); return nil }, // conditions say less, and do
	)
	c.objects.Objects = slices.DeleteFunc(c.objects.Objects, func(o external.Object) bool { return o.Namespace != s.Namespace && o.Namespace != "" })
	c.copies = l.copies(ctx)
	l.judged = sync.OnceValue(l.judgeStores)
	l.names = sync.OnceValue(func() []string { return l.listNames(ctx) })
}

// observeNeeds reads who in the namespace reads what.
func (l *look) observeNeeds(ctx context.Context) (known.Inventory, error) {
	here := func(context.Context) (*bootstrap.Target, error) { return l.target, nil }
	d, err := deployment.Read(ctx, l.target.Settings, deployment.Ref{Source: deployment.Live}, here)
	return d.Inventory, err
}

// observeOperator looks for any operator, also where the last up was not to make one.
func (l *look) observeOperator(ctx context.Context) error {
	step := l.target.ReleaseStep()
	step.NoFetch = true
	if _, err := step.Observe(ctx); err != nil {
		return err
	}
	l.cluster.unseen = step.Unseen()
	running, err := step.Running(ctx)
	l.cluster.running = running
	return err
}

// copies are the further Secrets that stores of the namespace refer to and that hold the very key, such as those of subcharts with a store of
// their own.
func (l *look) copies(ctx context.Context) []string {
	c, known := &l.cluster, l.keySecrets()
	key := l.keyOf()
	more := &kube.KeySecrets{Client: known.Client, Namespace: known.Namespace}
	for _, o := range c.objects.Objects {
		if name := o.Wiring.KeyID.Name; o.Kind == "SecretStore" && name != "" && !slices.Contains(known.Names, name) {
			more.Names = words.AddOnce(more.Names, name)
		}
	}
	held, err := more.Observe(ctx)
	if err != nil || key.ID == "" {
		return nil // such a store then is one of another key
	}
	var out []string
	for i, h := range held {
		if h.Key.ID == key.ID && h.Key.Secret.Equal(key.Secret) {
			out = append(out, more.Names[i])
		}
	}
	return out
}

// keySecrets are the Secrets that hold the key of this mode.
func (l *look) keySecrets() *kube.KeySecrets { return asoperator.KeySecrets(l.target) }

func (l *look) invocation() hint.Invocation { return l.target.Settings.LastUp() }

// well reports that a layer did not fail.
func (l *look) well(name string) bool { return l.states[name] == OK || l.states[name] == Warning }

// keyOf is the access key that the Secrets hold; the zero Key where none does.
func (l *look) keyOf() credential.Key { return asoperator.KeyIn(l.cluster.held) }

// counted is "2 of 18", or "all 18".
func counted(n, all int) string {
	if n == all && n > 1 {
		return words.Counted(n, "object")
	}
	return words.Counted(n, "object") + " of " + strconv.Itoa(all)
}
