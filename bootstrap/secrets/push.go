package secrets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/handover"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// PushOptions are what secrets push is asked for beside the settings and the deployment.
type PushOptions struct {
	WriteOptions

	FromFiles []string // "NAME=PATH", of what the cluster does not have
}

// PushResult is what secrets push found and did, and the document that -o json prints for it: that of up, and what comes next.
type PushResult struct {
	bootstrap.Result

	SwitchOver []Instruction `json:"switchOver"` // in this order; empty while there is something in the way
}

// Instruction is one thing for the operator to do.
type Instruction struct {
	Text     string   `json:"text"`
	Values   []string `json:"values"`   // of the gen3 chart, such as global.externalSecrets.createLocalK8sSecret=false
	Commands []string `json:"commands"` // that can be pasted
}

// Push puts Secrets that the gen3 chart makes in the cluster into Secrets Manager, where External Secrets Operator is to read them from,
// and files of the operator's. It plans first, asks, and writes over nothing that it was not told to. No value is in what it returns.
func Push(ctx context.Context, s bootstrap.Settings, ref deployment.Ref, o PushOptions, env bootstrap.Env) (PushResult, error) {
	p := &pusher{writer: newWriter("secrets push", s, o.WriteOptions, env), ref: ref, fromFiles: o.FromFiles, next: []Instruction{}}
	result, err := p.Do(ctx, func(ctx context.Context, _ *bootstrap.Run) error { return p.push(ctx) })
	return PushResult{Result: result, SwitchOver: p.next}, err
}

// pusher is one execution of push.
type pusher struct {
	*writer

	ref        deployment.Ref
	fromFiles  []string
	files      []file
	deployment *deployment.Deployment
	after      gen3.Inventory   // with the chart's own Secrets switched off
	all        []handover.Route // of the deployment
	routes     []handover.Route // of those, what this run takes from the cluster
	done       []plan.Change    // there is nothing to write
	live       map[string]liveSecret
	next       []Instruction
}

func (p *pusher) push(ctx context.Context) error {
	var err error
	if p.files, err = readFiles(p.fromFiles); err != nil {
		return p.Fail("", err)
	}
	if err := p.connect(ctx); err != nil {
		return err
	}
	if err := p.derive(ctx); err != nil {
		return p.Fail("", err)
	}
	candidates := p.candidates()
	if len(candidates) == 0 {
		p.warn("there is nothing to push: no Secret that the chart makes now would be made by an ExternalSecret with the chart's own Secrets switched off")
		return nil
	}
	chosen, err := p.options.Choose(candidates)
	if err != nil {
		return p.Fail("", err)
	}
	items, blocked, err := p.contents(ctx, chosen)
	if err != nil {
		return p.Fail("", err)
	}
	pending, err := p.plan(ctx, items, append(blocked, p.done...))
	if err != nil || p.options.DryRun {
		return err
	}
	if pending {
		if err := p.write(ctx); err != nil {
			return err
		}
	}
	p.switchOver(items)
	return nil
}

func (p *pusher) warn(format string, args ...any) {
	p.Result.Warnings = append(p.Result.Warnings, bootstrap.Warning{Code: "push-note", Message: fmt.Sprintf(format, args...)})
}

// derive reads the deployment, and finds out by rendering what goes where.
func (p *pusher) derive(ctx context.Context) error {
	var err error
	p.deployment, err = deployment.Read(ctx, p.Target.Settings, p.ref, func(context.Context) (*bootstrap.Target, error) { return p.Target, nil })
	switch {
	case err != nil:
	case p.deployment.Source == deployment.Live && len(p.files) > 0:
		p.warn("what the cluster has is left out: without the deployment's values it cannot be told what goes where; give them with -f")
	default:
		p.all, p.after, err = routes(ctx, p.deployment)
	}
	p.Result.Warnings = append(p.Result.Warnings, bootstrap.Warned("deployment-note", p.deployment.Warnings...)...)
	p.from(p.deployment)
	for _, f := range p.files {
		p.named = append(p.named, f.name)
	}
	return err
}

// routes renders the deployment with the chart's own Secrets switched off, and then without each switch that may be needed for a Secret, to
// see whether it is.
func routes(ctx context.Context, d *deployment.Deployment) ([]handover.Route, gen3.Inventory, error) {
	now := d.Rendered
	if now == nil {
		var err error
		if now, err = d.RenderWith(ctx, nil); err != nil {
			return nil, gen3.Inventory{}, err
		}
	}
	all := handover.Settings(now.Values)
	with := func(settings []handover.Setting) (gen3.Inventory, error) {
		rendered, err := d.RenderWith(ctx, handover.Changes(settings))
		if err != nil {
			return gen3.Inventory{}, err
		}
		return gen3.Take(rendered.Objects), nil
	}
	after, err := with(all)
	if err != nil {
		return nil, after, err
	}
	out := handover.Routes(d.Inventory, after)
	needed := map[handover.Setting][]string{} // the Secrets that are not handed over without it
	for n, r := range out {
		scoped := r.Scoped(all)
		for _, s := range scoped {
			if _, known := needed[s]; !known && len(scoped) > 1 && !s.Value {
				without, err := with(slices.DeleteFunc(slices.Clone(all), func(x handover.Setting) bool { return x == s }))
				if err != nil {
					return nil, after, err
				}
				needed[s] = handover.Missing(out, handover.Routes(d.Inventory, without))
			}
			if len(scoped) == 1 || s.Value || slices.Contains(needed[s], r.Secret) {
				out[n].Needs = append(out[n].Needs, s)
			}
		}
	}
	return out, after, nil
}

// candidates are the secrets that there is something to write to, by their names. What the chart makes by its own default, and the operator
// did not ask for, stays with the chart unless it is named.
func (p *pusher) candidates() []writing.Item {
	var names []string
	for _, r := range p.all {
		if by := p.byDefault(r); by != "" && !slices.Contains(p.options.Only, r.Remote) {
			if len(p.options.Only) == 0 {
				p.warn("Secret %s is left to the chart, which makes it by default (%s): --only %s pushes it", r.Secret, by, hint.Command(r.Remote))
			}
			continue
		}
		names = words.AddOnce(names, r.Remote)
	}
	for _, f := range p.files {
		names = words.AddOnce(names, f.name)
	}
	slices.Sort(names)
	out := make([]writing.Item, 0, len(names))
	for _, name := range names {
		out = append(out, writing.Item{Name: name})
	}
	return out
}

// byDefault is the value by which the chart makes a Secret itself although nobody said so, "" where somebody did. That External Secrets are
// off is no such value: the push is the way to switch them on.
func (p *pusher) byDefault(r handover.Route) string {
	for _, s := range r.Needs {
		if !s.Value && !p.deployment.Given(s.Path) {
			return s.Path
		}
	}
	return ""
}

// contents fills the chosen items, from files first, and from the cluster's Secrets. What cannot be written is blocked.
func (p *pusher) contents(ctx context.Context, chosen []writing.Item) (items []writing.Item, blocked []plan.Change, err error) {
	var routes []handover.Route
	for _, r := range p.all {
		wanted := slices.ContainsFunc(chosen, func(i writing.Item) bool { return i.Name == r.Remote })
		if wanted && !slices.ContainsFunc(p.files, func(f file) bool { return f.name == r.Remote }) {
			routes = append(routes, r)
		}
	}
	p.routes = routes
	if p.live, err = p.readSecrets(ctx, routes); err != nil {
		return nil, nil, err
	}
	for _, i := range chosen {
		filled, change := p.fill(i)
		switch {
		case change == nil:
			items = append(items, filled)
		case change.Action == plan.Blocked:
			blocked = append(blocked, *change)
		default:
			p.done = append(p.done, *change)
		}
	}
	return items, blocked, nil
}

// fill is the item with its content, or the change that is told in its place.
func (p *pusher) fill(i writing.Item) (writing.Item, *plan.Change) {
	c := plan.Change{Step: writing.Step, Resource: plan.Of(plan.Stored, i.Name), Action: plan.None}
	block := func(reasons, cures []string) (writing.Item, *plan.Change) {
		c = iamsetup.Blocked(c, "secret "+i.Name+" of Secrets Manager: "+strings.Join(reasons, "; "), cures...)
		return i, &c
	}
	if n := slices.IndexFunc(p.files, func(f file) bool { return f.name == i.Name }); n >= 0 {
		content, err := p.fit(p.files[n])
		if err != nil {
			return block([]string{err.Error()}, nil)
		}
		i.Text, i.Properties, i.From = content.Text, content.Properties, "file "+p.files[n].path
		return i, nil
	}
	var reasons, cures, from []string
	var content *handover.Content
	for _, r := range p.routes {
		if r.Remote != i.Name {
			continue
		}
		live := p.live[r.Secret]
		switch {
		case !live.there:
			reasons = append(reasons, "Secret "+r.Secret+", which the chart makes, is not in the cluster")
			cures = append(cures, "install the chart first")
			continue
		case live.operator != "":
			c.Reason = "ExternalSecret " + live.operator + " makes Secret " + r.Secret + " already"
			return i, &c
		}
		one, refused, warnings := r.Of(live.data, p.Target.Settings.Namespace)
		for _, refusal := range refused {
			reasons, cures = append(reasons, refusal.Reason), words.AddOnce(cures, refusal.Cure)
		}
		p.Result.Warnings = append(p.Result.Warnings, bootstrap.Warned("push-note", warnings...)...)
		from = words.AddOnce(from, "Secret "+r.Secret)
		if content != nil {
			joined, ok := content.Join(one)
			if one = joined; !ok && len(reasons) == 0 {
				reasons = append(reasons, strings.Join(from, " and ")+" would both be written to it, and differ")
			}
		}
		content = &one
		for _, by := range r.Pushed {
			p.warn("PushSecret %s writes to secret %s of Secrets Manager as well: switch it off (pushSecret) once this has been written", by, i.Name)
		}
	}
	if len(reasons) > 0 {
		return block(reasons, cures)
	}
	i.Text, i.Properties, i.From = content.Text, content.Properties, strings.Join(from, " and ")
	p.warnOfFaults(*content, i)
	return i, nil
}
