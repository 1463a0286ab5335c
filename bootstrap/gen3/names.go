package gen3

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Deployment is a gen3 deployment by what it is rendered from.
type Deployment struct {
	Values  []string // files, in helm's order
	Chart   string   // "" is Gen3's own, of its repository
	Version string   // of the chart; may be "" where that is on disk
	Options render.Options
}

// Names are those of secrets in Secrets Manager, in order.
type Names struct {
	Read     []string // by ExternalSecrets, and what is pushed, which is looked at first
	Pushed   []string // by PushSecrets
	Warnings []string
}

// secretName is what Secrets Manager takes for a name.
var secretName = regexp.MustCompile(`^[\w/+=.@-]{1,512}$`)

// SecretName reports whether a secret of Secrets Manager can have a name.
func SecretName(name string) bool { return secretName.MatchString(name) }

// NamesOf renders the deployment and finds out which secrets its objects name. It asks no cluster and no AWS.
func NamesOf(ctx context.Context, d Deployment) (Names, error) {
	var out Names
	values, err := helmvalues.ReadAll(ctx, "-f (--gen3-values)", d.Values)
	if err != nil {
		return out, err
	}
	chart, err := render.Load(ctx, http.DefaultClient, d.Chart, d.Version)
	if err != nil {
		return out, err
	}
	rendered, err := chart.Render(values, d.Options)
	if err != nil {
		return out, err
	}
	if len(rendered.Warnings) > 0 { // names that are not known would be missing in the policy
		return out, hint.With(fmt.Errorf("find the names of secrets in chart %s %s: %s", chart.Name(), chart.Version(), strings.Join(rendered.Warnings, "; ")),
			"correct the values: gen3-bootstrap lint says which; helm would not install this either")
	}
	found := gen3.Take(rendered.Objects)
	out.Warnings = slices.Concat(chart.Warnings, found.Unjudged)
	for _, p := range found.Pushes {
		out.Pushed = words.AddOnce(out.Pushed, p.Remote)
	}
	for _, r := range found.Requirements {
		out.Read = words.AddOnce(out.Read, r.Name)
	}
	for _, name := range out.Pushed {
		out.Read = words.AddOnce(out.Read, name)
	}
	slices.Sort(out.Read)
	slices.Sort(out.Pushed)
	return out, out.check(chart)
}

func (n *Names) check(chart *render.Chart) error {
	if len(n.Read) == 0 {
		return hint.With(fmt.Errorf("find the names of secrets in chart %s %s: it reads none with these values", chart.Name(), chart.Version()),
			"give the deployment's values files with -f: global.externalSecrets.deploy switches reading on, and is off by default")
	}
	for _, name := range n.Read {
		if !SecretName(name) {
			return hint.With(fmt.Errorf("find the names of secrets in chart %s %s: %q is the name of none", chart.Name(), chart.Version(), name),
				"a policy is made of names: letters, digits and /_+=.@-; where values give an ARN, give the name in it")
		}
	}
	return nil
}
