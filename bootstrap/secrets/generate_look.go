package secrets

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	secrets := g.maker.Secrets()
	contents, err := parallel.Map(ctx, secrets, g.content)
	for i, name := range secrets {
		if err == nil && contents[i] != nil {
			found.Live[name] = contents[i]
		}
	}
	return found, err
}

// content reads a Secret of the namespace, nil where there is none.
func (g *generator) content(ctx context.Context, name string) (generate.Content, error) {
	namespace := g.Target.Settings.Namespace
	s, err := g.Target.Kube.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, hint.With(fmt.Errorf("get Secret %s/%s: %w", namespace, name, err), "it needs the verb get on that Secret, to make nothing that the cluster has already")
	}
	out := generate.Content{}
	for key, value := range s.Data {
		out[key] = redact.New(string(value))
	}
	return out, nil
}
