package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/generate"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// GenerateResult is what secrets generate found and did, and the document that -o json prints for it: that of up, what the operator has to
// fill in of what was made, and the secrets that it does not make.
type GenerateResult struct {
	bootstrap.Result

	Fill    []Fill    `json:"fill"`
	NotMade []NotMade `json:"notMade"`
}

// Fill is what the chart leaves to the operator in a secret that is made.
type Fill struct {
	Name  string   `json:"name"`
	Paths []string `json:"paths"` // within its content, such as OPENID_CONNECT
}

// NotMade is a secret that is missing and that the operator, a job or a push has to supply, with what must be in it.
type NotMade struct {
	Secret

	State generate.State `json:"state"` // operator, job, in-use or blocked
	Why   string         `json:"why"`
	Hint  string         `json:"hint,omitempty"`
}

// Generate makes the secrets that the deployment reads from Secrets Manager, that are missing there, and that can be made safely. It writes
// over nothing. It plans first and asks. No value is in what it returns.
func Generate(ctx context.Context, s bootstrap.Settings, ref deployment.Ref, o WriteOptions, env bootstrap.Env) (GenerateResult, error) {
	g := &generator{writer: newWriter("secrets generate", s, o, env), ref: ref}
	result, err := g.Do(ctx, func(ctx context.Context, _ *bootstrap.Run) error { return g.generate(ctx) })
	g.out.Result = result
	g.out.Fill, g.out.NotMade = append([]Fill{}, g.out.Fill...), append([]NotMade{}, g.out.NotMade...)
	return g.out, err
}

// generator is one execution of generate.
type generator struct {
	*writer

	ref        deployment.Ref
	deployment *deployment.Deployment
	maker      *generate.Maker
	answers    map[string]reading.Answer // of Secrets Manager, by name
	operated   []string                  // Secrets of the namespace that ExternalSecrets made
	out        GenerateResult
}

func (g *generator) generate(ctx context.Context) error {
	if err := g.connect(ctx); err != nil {
		return err
	}
	if err := g.derive(ctx); err != nil {
		return g.Fail("", err)
	}
	found, err := g.look(ctx)
	if err != nil {
		return g.Fail("", err)
	}
	secrets, err := g.chosen(g.maker.Plan(found))
	if err != nil {
		return g.Fail("", err)
	}
	items := g.items(secrets)
	g.caution(secrets)
	pending, err := g.plan(ctx, items, nil)
	if err != nil || g.options.DryRun || !pending {
		return err
	}
	return g.write(ctx)
}

// derive reads the deployment, and renders what the chart makes itself where External Secrets Operator is left out.
func (g *generator) derive(ctx context.Context) (err error) {
	defer func() {
		g.Result.Warnings = append(g.Result.Warnings, bootstrap.Warned("deployment-note", g.deployment.Warnings...)...)
	}()
	g.deployment, err = deployment.Read(ctx, g.Target.Settings, g.ref, func(context.Context) (*bootstrap.Target, error) { return g.Target, nil })
	if err != nil {
		return err
	}
	g.from(g.deployment)
	global := map[string]any{"externalSecrets": map[string]any{"deploy": false}}
	if host, _ := g.deployment.Value("global", "postgres", "master", "host").(string); host == "" { // without one the chart does not render
		global["postgres"] = map[string]any{"master": map[string]any{"host": generate.UnknownHost}}
	}
	made, err := g.deployment.RenderWith(ctx, map[string]any{"global": global})
	if err != nil {
		return err
	}
	g.maker = generate.New(g.deployment.Inventory, made.Objects, g.Target.Settings.Namespace)
	return nil
}

// chosen are the secrets that --only names, which have to be ones that can be made.
func (g *generator) chosen(all []generate.Secret) ([]generate.Secret, error) {
	only := g.options.Only
	if len(only) == 0 {
		return all, nil
	}
	asked := make([]writing.Item, 0, len(all))
	for _, s := range all {
		asked = append(asked, writing.Item{Name: s.Name})
	}
	_, err := g.options.Choose(asked)
	errs := []error{err}
	var out []generate.Secret
	for _, s := range all {
		if !slices.Contains(only, s.Name) {
			continue
		}
		out = append(out, s)
		if s.State != generate.Make && s.State != generate.Exists {
			cure := s.Hint
			if s.State == generate.InUse {
				cure = g.back(s.Requirement)
			}
			errs = append(errs, hint.With(fmt.Errorf("check --only %s: it is not made: %s", s.Name, s.Why), cure))
		}
		for _, name := range s.After {
			if !slices.Contains(only, name) {
				errs = append(errs, hint.With(fmt.Errorf("check --only %s: it takes a password from %s, which is missing too", s.Name, name), "name both: --only "+hint.Command(s.Name)+" --only "+hint.Command(name)))
			}
		}
	}
	return out, errors.Join(errs...)
}

// items are what is to be written, and what exists and is only looked at. What is in the way in Secrets Manager, such as a missing right, is
// told by the plan.
func (g *generator) items(secrets []generate.Secret) []writing.Item {
	var items []writing.Item
	var taken []string
	for _, s := range secrets {
		item := writing.Item{Name: s.Name, Text: s.Text, Properties: s.Properties, From: s.From, Keep: true, After: s.After, Takes: s.Takes}
		switch s.State {
		case generate.Make, generate.Exists:
			items, taken = append(items, item), append(taken, s.Takes...)
			if len(s.Fill) > 0 && s.State == generate.Make {
				g.out.Fill = append(g.out.Fill, Fill{s.Name, s.Fill})
			}
		case generate.InUse, generate.ByJob, generate.Operators, generate.Blocked:
			if s.State == generate.InUse {
				s.Hint = g.back(s.Requirement)
			}
			g.out.NotMade = append(g.out.NotMade, NotMade{Secret: secretOf(s.Requirement, g.deployment.Origins), State: s.State, Why: s.Why, Hint: s.Hint})
		}
	}
	slices.SortStableFunc(g.out.NotMade, func(a, b NotMade) int { return strings.Compare(string(b.State), string(a.State)) })
	for _, name := range taken { // whose it is has to be known, also where --only leaves it out
		if !slices.ContainsFunc(items, func(i writing.Item) bool { return i.Name == name }) {
			items = append(items, writing.Item{Name: name, Keep: true})
		}
	}
	return items
}

// caution warns of what nobody can see from here.
func (g *generator) caution(secrets []generate.Secret) {
	var roles, pushed []string
	for _, s := range secrets {
		if s.State != generate.Make {
			continue
		}
		if s.Role {
			roles = append(roles, s.Name)
		}
		for _, p := range g.deployment.Inventory.Pushes {
			if p.Remote == s.Name {
				pushed = words.AddOnce(pushed, s.Name)
			}
		}
	}
	warn := func(format string, names []string) {
		if len(names) > 0 {
			g.Result.Warnings = append(g.Result.Warnings, bootstrap.Warning{Code: "generate-note", Message: fmt.Sprintf(format, words.Few(names))})
		}
	}
	warn("a PushSecret writes to the same secrets (%s): switch it off (pushSecret), what is made here is enough", pushed)
	warn("new passwords are made for roles of databases (%s): where a role is there already, from an installation before, "+
		"set its password to the new one by hand, or have secrets push take the old one from the cluster instead", roles)
}
