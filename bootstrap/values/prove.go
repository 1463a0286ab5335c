package values

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/fragment"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Options are what values is asked for beside the settings.
type Options struct {
	Offline bool          // neither cluster nor AWS is asked
	Wish    fragment.Wish // what else the values are to do
}

// Proof is what a render of the chart with the operator's values files shows of the fragment. Names are those of Secrets Manager.
type Proof struct {
	Chart      deployment.Chart `json:"chart"`
	Before     []string         `json:"before"`     // read with the operator's files alone; null where they do not render
	After      []string         `json:"after"`      // read with the fragment over them
	Local      []string         `json:"local"`      // Secrets of Kubernetes that the chart makes by the fragment and does not read
	KeySecrets []string         `json:"keySecrets"` // Secrets of Kubernetes whose access key SecretStores sign in with
	Pushes     bool             `json:"pushes"`     // the operator writes to Secrets Manager
	LeftOut    []render.LeftOut `json:"leftOut"`    // dependencies that are switched on and were not rendered
}

// proves reports whether the chart is to be rendered: where something is asked for that only a render tells.
func (v *valuesRun) proves() bool {
	w := v.options.Wish
	return w.Subchart != "" || w.SeparateStores || len(w.KeepLocal) > 0 || w.CreateDB || w.PushDB || w.NamePrefix != "" ||
		len(v.settings.Gen3Values) > 0 || v.settings.Gen3Chart != ""
}

// checkWish judges what can be seen without a render.
func (v *valuesRun) checkWish() []error {
	var c bootstrap.Checker
	if prefix := v.options.Wish.NamePrefix; prefix != "" {
		c.NamePrefix("--name-prefix", prefix)
	}
	return c.Problems
}

// load brings the chart and the operator's values files into memory, where they are needed.
func (v *valuesRun) load(ctx context.Context, version string) (err error) {
	if !v.proves() {
		return nil
	}
	s := v.settings
	if v.files, err = deployment.ReadValues(ctx, s.Gen3Values); err != nil {
		return err
	}
	if render.OnDisk(s.Gen3Chart) {
		version = s.Gen3Version
	}
	v.chart, err = render.Load(ctx, http.DefaultClient, s.Gen3Chart, version)
	return err
}

// chartVersion is the version that the values are for, when none was given: that of a chart of the operator's, else the installed one, else the
// newest known.
func (v *valuesRun) chartVersion(installed string) (gen3.Chart, error) {
	if v.settings.Gen3Version == "" && v.chart != nil && v.chart.Name() == render.DefaultChart && v.chart.Version() != render.Unreleased {
		return gen3.Given(v.chart.Version())
	}
	return gen3.Given(cmp.Or(v.settings.Gen3Version, installed, gen3.Newest))
}

// prove adds to the fragment what the wish asks for, and renders the whole.
func (v *valuesRun) prove() error {
	if v.chart == nil {
		return nil
	}
	v.result.Warnings = append(v.result.Warnings, bootstrap.Warned("chart-note", v.chart.Warnings...)...)
	ref := deployment.Ref{ReleaseName: v.settings.Gen3ReleaseName}
	proved, err := fragment.Make(v.chart, v.files, v.fragment.signIn(v.options.Wish.Subchart != ""), v.options.Wish, ref.Options(v.fragment.namespace))
	if err != nil {
		return err
	}
	out := &Proof{
		Chart: deployment.Chart{Name: v.chart.Name(), Version: v.chart.Version()}, After: fragment.Names(proved.After),
		Local: append([]string{}, proved.Local...), KeySecrets: append([]string{}, proved.KeySecrets...), Pushes: proved.Pushes,
		LeftOut: append([]render.LeftOut{}, proved.LeftOut...),
	}
	if sub := v.options.Wish.Subchart; sub != "" {
		out.Chart.Name = sub
	}
	if proved.Before != nil {
		out.Before = fragment.Names(*proved.Before)
	}
	v.result.Proof, v.fragment.proved, v.fragment.wish, v.fragment.files = out, proved, v.options.Wish, v.settings.Gen3Values
	v.result.Warnings = append(v.result.Warnings, bootstrap.Warned("chart-note", proved.Warnings...)...)
	v.adviseUp(*proved)
	return nil
}

// adviseUp says what the values need of up, that it may not have been told.
func (v *valuesRun) adviseUp(proved fragment.Proved) {
	if others := words.Without(proved.KeySecrets, []string{bootstrap.ChartSecretName}); len(others) > 0 && !v.fragment.takesRole() {
		known := v.settings.KeySecretNames()
		unknown := words.Without(proved.KeySecrets, known)
		switch {
		case len(unknown) == 0:
		case v.fragment.mode == bootstrap.ModeGlobalUser:
			v.warn("the SecretStores sign in with the key in Secrets %s: copy %s to each", words.Few(proved.KeySecrets), v.fragment.inNamespace(v.fragment.secret))
		default:
			args := []string{"up"}
			for _, name := range slices.Compact(slices.Sorted(slices.Values(append(proved.KeySecrets, known...)))) {
				args = append(args, "--secret-name", name)
			}
			v.warn("the SecretStores sign in with the key in Secrets %s, which up writes when it is told to: %s", words.Few(proved.KeySecrets), v.settings.Invocation().Command(args...))
		}
	}
	if proved.Pushes && v.fragment.mode != bootstrap.ModeGlobalUser && !v.settings.AllowPush {
		v.warn("the operator pushes secrets, which its policy must allow: %s", v.settings.Invocation().Command("up", "--allow-push"))
	}
}
