package helminstall

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// TestOtherChartIsNotReplaced changes a value of a release whose chart has an enabled dependency: what Helm stored of it
// lacks that, and the operator's own chart is not what was installed.
func TestOtherChartIsNotReplaced(t *testing.T) {
	t.Parallel()
	repo := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(repo.Close)
	wrapper := aRelease(withChart("wrapper"), func(r *stored.Record) {
		r.Chart.Metadata.Version = "0.1.0"
		r.Chart.Metadata.Dependencies = []*chart.Dependency{{Name: chartsource.DefaultChart}}
	})
	s := &Step{HTTP: repo.Client(), Settings: Settings{Repo: repo.URL, Set: []string{"a=b"}}, seen: &Observed{Release: wrapper}}
	err := s.prepareChart(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is a release of chart wrapper 0.1.0") || !strings.Contains(hint.Of(err), "--chart") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	if _, ok := hint.Refused(err); !ok {
		t.Errorf("%v does not block the plan", err)
	}
}
