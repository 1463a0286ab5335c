package helminstall

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/charttest"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// collector is a sink that keeps what it gets.
type collector struct {
	mu     sync.Mutex
	events []event.Event
	on     func(event.Event) // may be nil
}

// Emit implements event.Sink.
func (c *collector) Emit(e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	if c.on != nil {
		c.on(e)
	}
}

func (c *collector) all() []event.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

// waits are the messages of what was waited for.
func (c *collector) waits() (out []string) {
	for _, e := range c.all() {
		if e.Type == event.Waiting {
			out = append(out, e.Message)
		}
	}
	return out
}

// up is a whole run of the step: what the engine does with it.
func up(t *testing.T, s *Step) ([]plan.Change, *collector, error) {
	t.Helper()
	got := &collector{}
	changes, err := s.Observe(t.Context())
	if err != nil {
		return nil, got, err
	}
	return changes, got, s.Apply(t.Context(), got)
}

// helmRelease is a release of a chart of one CRD and one Deployment, as Helm has it.
func helmRelease(revision int, st release.Status) *release.Release {
	return &release.Release{
		Name: "r", Namespace: "ns", Version: revision, Config: map[string]any{"replicas": 2},
		Info: &release.Info{Status: st}, Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "mini", Version: "1.0.0"}},
		Manifest: charttest.TwoObjects, Labels: map[string]string{stored.ManagedByLabel: stored.ManagedBy},
	}
}

// crdsNaming answers for a cluster with the operator's CRDs, which bear the name of a release; "" is nobody's.
func crdsNaming(release, namespace string) func(context.Context, string) ([]byte, error) {
	return func(ctx context.Context, path string) ([]byte, error) {
		name, isCRD := strings.CutPrefix(path, crdPath+"/")
		if !isCRD {
			return noCRDs(ctx, path)
		}
		crd := rawCRD{Metadata: metav1.ObjectMeta{Name: name}}
		if release != "" {
			crd.Metadata.Annotations = map[string]string{owner.ReleaseAnnotation: release, owner.NamespaceAnnotation: namespace}
		}
		crd.Spec.Versions = append(crd.Spec.Versions, struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
		}{"v1", true})
		return json.Marshal(crd)
	}
}

// noCRDs answers for a cluster without any.
func noCRDs(_ context.Context, path string) ([]byte, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "customresourcedefinitions"}, path)
}
