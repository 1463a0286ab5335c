package secrets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
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
		if err == nil && contents[i].there {
			found.Live[name] = generate.Content{}
			for key, value := range contents[i].data {
				found.Live[name][key] = redact.New(string(value))
			}
			if contents[i].operator != "" {
				g.operated = append(g.operated, name)
			}
		}
	}
	return found, err
}

// content reads a Secret of the namespace.
func (g *generator) content(ctx context.Context, name string) (liveSecret, error) {
	namespace := g.Target.Settings.Namespace
	s, err := g.Target.Kube.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return liveSecret{}, nil
	case err != nil:
		return liveSecret{}, hint.With(fmt.Errorf("get Secret %s/%s: %w", namespace, name, err), "it needs the verb get on that Secret, to make nothing that the cluster has already")
	}
	return liveOf(s), nil
}

// back says how a secret goes back to Secrets Manager whose content is in the cluster. One that the operator made there was in Secrets Manager
// before, and the chart has no other: it goes the way of a file, and never lies on a disk.
func (g *generator) back(q gen3.Requirement) string {
	args := []string{"secrets", "push"}
	for _, file := range g.ref.Files {
		args = append(args, "-f", file)
	}
	for _, flag := range [][2]string{{"--gen3-chart", g.ref.Chart}, {"--gen3-version", g.Settings.Gen3Version}, {"--release-name", g.ref.ReleaseName}} {
		if flag[1] != "" {
			args = append(args, flag[:]...)
		}
	}
	target, invocation := q.Targets()[0], g.Settings.Invocation()
	if !slices.Contains(g.operated, target) {
		return "push it from there, with the values that made it: " + invocation.Command("secrets", "push", "--source", deployment.Release, "--only", q.Name)
	}
	take := hint.Command("kubectl", "-n", g.Target.Settings.Namespace, "get", "secret", target, "-o", "json") + " | jq '.data | map_values(@base64d)'"
	if len(q.Reads) == 1 && q.Reads[0].Shape != gen3.Extract {
		take = hint.Command("kubectl", "-n", g.Target.Settings.Namespace, "get", "secret", target, "-o", "jsonpath={.data."+strings.ReplaceAll(q.Reads[0].Key, ".", `\.`)+"}") + " | base64 -d"
	}
	return "it was in Secrets Manager before; put it back: " + take + " | " +
		invocation.Command(append(args, "--only", q.Name, "--from-file", q.Name+"=/dev/stdin", "--yes")...)
}
