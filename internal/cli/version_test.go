package cli

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
)

func TestDescribe(t *testing.T) {
	installed := &debug.BuildInfo{
		Main:     debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}},
	}
	for name, c := range map[string]struct {
		build           Build
		info            *debug.BuildInfo
		version, commit string
	}{
		"the linker's":   {Build{"v9", "def"}, installed, "v9", "def"},
		"go install's":   {Build{}, installed, "v1.2.3", "abc"},
		"without any":    {Build{}, nil, "(devel)", "(unknown)"},
		"a version only": {Build{Version: "v9"}, nil, "v9", "(unknown)"},
	} {
		want := versionDocument{c.version, c.commit, runtime.Version(), chartsource.DefaultVersion}
		if got := describe(c.build, c.info); got != want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
