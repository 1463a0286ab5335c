package helminstall

import (
	"slices"
	"testing"
)

func TestServedBy(t *testing.T) {
	again := map[string]any{"crds": map[string]any{"unsafeServeV1Beta1": true}}
	for version, want := range map[string][]string{
		"0.9.13": {"v1beta1"}, "0.15.1": {"v1beta1"}, "0.16.0": {"v1", "v1beta1"}, "v0.16.2": {"v1", "v1beta1"}, "0.17.0": {"v1"}, "2.9.0": {"v1"}, "newest": nil,
	} {
		if got := servedBy(version, nil); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", version, got, want)
		}
	}
	if got := servedBy("2.9.0", again); !slices.Equal(got, []string{"v1", "v1beta1"}) {
		t.Errorf("with the value: got %v", got)
	}
	if got := servedBy("1.3.0", again); !slices.Equal(got, []string{"v1"}) {
		t.Errorf("before the value: got %v", got)
	}
}

func TestServedByAll(t *testing.T) {
	both := []CRD{{Served: []string{"v1", "v1beta1"}}, {Served: []string{"v1beta1"}}}
	if got := servedByAll(both); !slices.Equal(got, []string{"v1beta1"}) {
		t.Errorf("got %v", got)
	}
	if got := servedByAll(both[:1]); got != nil {
		t.Errorf("with one of two CRDs: got %v", got)
	}
	if len(both[0].Served) != 2 {
		t.Error("it changed what was observed")
	}
}
