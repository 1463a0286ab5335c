package helminstall

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/upgrade"
	"github.com/uc-cdis/gen3-bootstrap/internal/calls"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/helmvalues"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// Step converges the release of the External Secrets Operator. The exported fields are its dependencies, then the
// settings; a Step is used by one goroutine at a time.
type Step struct {
	Config *rest.Config         // for Helm, which builds its own clients
	Client kubernetes.Interface // of the same cluster
	HTTP   *http.Client         // for charts; nil is a client with the environment's proxies
	// HolderAlive reports whether another run of this program lives that could be working on a release in the namespace; it
	// is asked only when one is pending. nil means that nobody can tell, and that age decides.
	HolderAlive func(ctx context.Context, namespace string) bool
	Now         func() time.Time
	Log         *slog.Logger // for developers; may be nil
	// Invocation is for the commands that hints advise.
	Invocation hint.Invocation
	// StoreNamespace is where SecretStores are going to be, and a dry run of one is asked for; "" is the release's.
	StoreNamespace string
	// NoFetch makes Observe say what it can tell without the chart of a repository.
	NoFetch bool

	Settings

	rawGet   func(ctx context.Context, path string) ([]byte, error) // tests only; nil asks Client
	seen     *Observed
	verdict  Verdict
	wanted   Want
	next     *chartsource.Fetched // the chart that Apply installs
	apis     *sdk.APIs
	stored   *storedChart         // the one that an upgrade of values takes from the release
	rendered *rendering           // of the last look
	meaning  upgrade.Upgrade      // what it means that the release gets another chart
	noting   sync.Mutex           // of ended, since the chart's objects are tried at the same time
	adopted  []plan.Change        // objects of releases that are gone
	passed   passedTrial          // the last one
	ended    map[owner.Owner]bool // releases that are gone for sure, whose cluster-wide objects --adopt takes over
	refusals []plan.Change        // what the API server would refuse of the chart's objects
	dead     []deadWebhook        // that a teardown deletes
	removal  *removal             // what an uninstall takes away; nil where it takes nothing
	warnings []string
}

// stepName is the step's name in plans, events and --only.
const stepName = "helm-release"

// Name implements bootstrap.Step.
func (*Step) Name() string { return stepName }

// Observe reads the cluster, and the chart if something has to change, and says what Apply would do. It may be called
// again, and then what it downloaded before is not downloaded twice.
func (s *Step) Observe(ctx context.Context) ([]plan.Change, error) {
	s.warnings, s.refusals, s.adopted = nil, nil, nil
	var errs []error
	if s.Settings, errs = ReadInputs(ctx, s.Settings); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	seen, err := s.read(ctx)
	if err == nil {
		err = seen.undecoded
	}
	if err != nil {
		return nil, err
	}
	s.seen = seen
	if s.wanted, err = s.want(ctx, seen); err != nil {
		return nil, err
	}
	s.verdict = Classify(seen, s.wanted)
	if s.writes() && !s.NoFetch {
		if err := s.prepare(ctx); err != nil {
			return s.refused(err)
		}
	}
	return s.changes(), nil
}

// refused makes a blocked plan of a refusal, and passes other errors on.
func (s *Step) refused(err error) ([]plan.Change, error) {
	c, ok := hint.Refused(err)
	if !ok {
		return nil, err
	}
	s.verdict = Verdict{State: Refused, Action: plan.Blocked, Reason: c.Reason, Hint: c.Hint}
	return s.changes(), nil
}

func (s *Step) writes() bool {
	return s.verdict.Action != plan.None && s.verdict.Action != plan.Blocked
}

// changes are the plan's lines: the namespace where this step has to make it, the release, and what is in its way.
func (s *Step) changes() []plan.Change {
	var out []plan.Change
	if s.makesNamespace() {
		out = append(out, s.namespaceChange())
	}
	out = append(out, s.releaseChange())
	for _, c := range slices.Concat(s.adopted, s.refusals) {
		out = plan.Put(out, c)
	}
	return out
}

func (s *Step) makesNamespace() bool {
	return s.verdict.Action == plan.Create && s.seen != nil && s.seen.NamespaceGone && !s.NamespaceMade
}

func (s *Step) namespaceChange() plan.Change {
	return plan.Change{Step: stepName, Resource: plan.Of(plan.Namespace, s.Namespace), Action: plan.Create, Reason: "does not exist"}
}

func (s *Step) releaseChange() plan.Change {
	return plan.Change{
		Step: stepName, Resource: plan.In(plan.HelmRelease, s.Namespace, s.Settings.Release),
		Action: s.verdict.Action, Reason: s.verdict.Reason, Hint: s.verdict.Hint, Fields: s.fields(),
	}
}

// fields are chart and values, and what another chart means; of a release that is up to date what it has.
func (s *Step) fields() []plan.Field {
	w := s.wanted
	if s.seen == nil || w.Release == "" || s.verdict.Action == plan.Blocked || s.verdict.State == Elsewhere {
		return nil
	}
	chart := plan.Field{Name: "chart", After: strings.TrimSpace(cmp.Or(w.Chart, chartsource.DefaultChart) + " " + w.Version)}
	var before map[string]any
	if base := s.seen.base(); base != nil && !s.seen.gone() {
		chart.Before = base.Chart.Metadata.Name + " " + base.Chart.Metadata.Version
		chart.After = cmp.Or(w.Chart, base.Chart.Metadata.Name) + " " + cmp.Or(w.Version, base.Chart.Metadata.Version)
		before = base.Config
	}
	from := plan.Field{Name: "from", After: s.ref().Place()}
	was, is := helmvalues.Compare(before, w.Values)
	values := plan.Field{Name: "values", Before: was, After: is}
	all := []plan.Field{chart, from, values}
	if chart.Before != nil {
		all = []plan.Field{chart, values}
	}
	var out []plan.Field
	for _, f := range append(all, s.meaning.Fields...) {
		if s.verdict.Action == plan.Create || s.verdict.Action == plan.None {
			f.Before = nil
		} else if reflect.DeepEqual(f.Before, f.After) && f.Name != upgrade.Users {
			continue
		}
		if lines, ok := f.After.([]string); !ok || len(lines) > 0 || f.Before != nil {
			out = append(out, f)
		}
	}
	return out
}

// want works out what the release should be, given what it is.
func (s *Step) want(ctx context.Context, o *Observed) (Want, error) {
	w := Want{
		Release: s.Settings.Release, Namespace: s.Namespace, Chart: s.wantName(), Version: s.Version,
		Explicit: s.explicit(), ReleaseGiven: s.releaseGiven(), Adopt: s.Adopt, Timeout: s.timeout(), Now: s.Now(),
	}
	if o.gone() {
		w.Chart, w.Version = s.ref().Name(), s.ref().FirstVersion()
	}
	if op := o.lost(s.Settings.Release, s.Namespace); op != nil && w.Chart == chartsource.DefaultChart {
		w.Version = cmp.Or(s.Version, op.chartVersion(), w.Version)
	}
	if local := s.Inputs.chart; local != nil {
		s.next = local
		w.Chart, w.Version, w.Digest = local.Chart.Metadata.Name, local.Chart.Metadata.Version, local.Digest
	}
	if where := s.pendingIn(o); where != "" && s.HolderAlive != nil {
		w.HolderGone = !s.HolderAlive(ctx, where)
	}
	return w, s.wantValues(&w, o)
}

// wantValues merges: our defaults, under what the release has, under what the run asks for.
func (s *Step) wantValues(w *Want, o *Observed) error {
	var have map[string]any
	if !o.gone() {
		have = o.base().Config
	}
	var err error
	if w.Asked, err = normal(helmvalues.Merge(have, s.Inputs.values)); err != nil {
		return err
	}
	w.Values, err = normal(helmvalues.Merge(baseValues(), w.Asked))
	return err
}

// Warnings are what the last Observe or Destroy found that does not stop a run.
func (s *Step) Warnings() []string {
	var out []string
	if s.seen != nil {
		out = append(out, s.seen.warnings...)
		out = append(out, stopped(s.seen.deployments)...)
	}
	out = append(out, s.verdict.Warnings...)
	if s.next != nil {
		out = append(out, s.next.Warnings...)
	}
	return append(out, s.warnings...)
}

func (s *Step) emit(sink event.Sink, e event.Event) {
	e.Step, e.Time = stepName, s.Now()
	sink.Emit(e)
}

// client is that for charts.
func (s *Step) client() *http.Client {
	if s.HTTP != nil || s.Log == nil {
		return cmp.Or(s.HTTP, http.DefaultClient)
	}
	return &http.Client{Transport: calls.Transport{Next: http.DefaultTransport, Log: s.Log, Now: s.Now}}
}
