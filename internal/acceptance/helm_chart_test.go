package acceptance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

// TestRealChartMayGoWrong is the same with the chart that operators get: at one call for each verb and kind in the full
// matrix, else at a few of them. After each case teardown takes everything away again, CRDs included.
func TestRealChartMayGoWrong(t *testing.T) {
	t.Parallel()
	sb := ownSandbox(t)
	calls := recordChart(t, sb)
	if !fullMatrix() {
		calls = calls[:2]
	}
	for i, c := range calls {
		way := kubeWays()[i%len(kubeWays())]
		t.Run(c.Name()+" "+way.name, func(t *testing.T) {
			w := chartWorld(t, sb)
			_ = w.goWrongAtKube(t, "up", c, way)
			result, err := w.up(t.Context())
			if err != nil {
				t.Fatalf("the up afterwards: %v\n%s\nlog:\n%s", err, problems(result), tail(w.output.String()))
			}
			w.mustHaveOperator(t)
			w.mustKeepCRDs(t)
			w.mustBeConverged(t)
			w.mustClear(t)
		})
	}
}

func chartWorld(t *testing.T, sb *sandbox) *world {
	t.Helper()
	w := newWorld(t, sb)
	w.settings.SkipHelm, w.settings.UseGlobalUser = false, true
	w.settings.Timeout, w.settings.Timing.Request = 5*time.Minute, 10*time.Second
	w.options.Force = true
	return w
}

// recordChart learns one call of the release for each verb and kind.
func recordChart(t *testing.T, sb *sandbox) []kubeproxy.Call {
	t.Helper()
	w := chartWorld(t, sb)
	w.mustUp(t)
	seen := map[string]bool{}
	calls := slices.DeleteFunc(w.proxy.Calls(), func(c kubeproxy.Call) bool {
		kind := c.Verb + " " + c.Resource
		own := c.Verb == "watch" || c.Verb == "raw" || strings.Contains(c.Object, w.namespace) || strings.HasSuffix(c.Resource, "reviews")
		known := seen[kind]
		seen[kind] = known || !own
		return own || known
	})
	w.mustClear(t)
	return calls
}

// mustClear takes the release away, and then its CRDs.
func (w *world) mustClear(t *testing.T) {
	t.Helper()
	if result, err := w.do(t.Context(), "teardown"); err != nil {
		t.Fatalf("teardown: %v\n%s", err, problems(result))
	}
	w.mustKeepCRDs(t)
	w.forgetCRDs(t)
}
