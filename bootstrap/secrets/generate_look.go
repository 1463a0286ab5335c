package secrets

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/generate"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/parallel"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// look finds out what exists: in Secrets Manager, whose passwords what is made must have as well, and in the cluster.
func (g *generator) look(ctx context.Context) (generate.Found, error) {
	found := generate.Found{Stored: map[string]generate.Stored{}, Live: map[string]generate.Content{}}
	var names []string
	for _, q := range g.deployment.Inventory.Requirements {
		if q.Name != "" {
			names = append(names, q.Name)
		}
	}
	answers, err := reading.WithOwn(g.Target.Aws).TryAll(ctx, names)
	if err != nil {
		return found, err
	}
	g.answers = map[string]reading.Answer{}
	for _, a := range answers {
		g.answers[a.Name] = a
		switch a.State {
		case reading.Readable:
			found.Stored[a.Name] = generate.Stored{Value: a.Value.Value, Known: true}
		case reading.Deleted, reading.KeyDenied, reading.Denied:
			found.Stored[a.Name] = generate.Stored{}
		case reading.Missing, reading.NoValue, reading.KeyRefused, reading.KeyMismatched, reading.Expired, reading.BadName:
		}
	}
	g.live = map[string]held{}
	secrets := g.maker.Secrets()
	contents, err := parallel.Map(ctx, secrets, g.content)
	for i, name := range secrets {
		if err == nil && contents[i].there {
			found.Live[name], g.live[name] = contents[i].content, contents[i]
		}
	}
	return found, err
}

// held is a Secret of the namespace.
type held struct {
	there    bool
	operator bool // an ExternalSecret makes it
	content  generate.Content
}

// content reads a Secret of the namespace.
func (g *generator) content(ctx context.Context, name string) (held, error) {
	namespace := g.Target.Settings.Namespace
	s, err := g.Target.Kube.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return held{}, nil
	case err != nil:
		return held{}, hint.With(fmt.Errorf("get Secret %s/%s: %w", namespace, name, err), "it needs the verb get on that Secret, to make nothing that the cluster has already")
	}
	by := metav1.GetControllerOf(s)
	out := held{there: true, operator: by != nil && by.Kind == "ExternalSecret", content: generate.Content{}}
	for key, value := range s.Data {
		out.content[key] = redact.New(string(value))
	}
	return out, nil
}

// fromCluster says how what the cluster has gets to Secrets Manager. What the operator made has to come from where it once was.
func (g *generator) fromCluster(s generate.Secret) string {
	command := g.Settings.Invocation().Command
	for _, target := range s.Targets() {
		if g.live[target].operator {
			return "External Secrets Operator made Secret " + target + " of a secret that is gone since: put what it holds into a file, in the shape that is read, and then: " +
				command("secrets", "push", "--only", s.Name, "--from-file", s.Name+"=FILE")
		}
	}
	return "push it from there, with the values that made it: " + command("secrets", "push", "--source", deployment.Release, "--only", s.Name)
}
