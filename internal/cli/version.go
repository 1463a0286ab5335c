package cli

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

// Build is what the linker was told about this binary; empty where it was told nothing.
type Build struct {
	Version string
	Commit  string
}

// versionDocument is what version prints under -o json.
type versionDocument struct {
	Version             string `json:"version"`
	Commit              string `json:"commit"`
	Go                  string `json:"go"`
	DefaultChartVersion string `json:"defaultChartVersion"`
}

func newVersion(p Process) command {
	in := newInputs()
	return command{
		name:    "version",
		summary: "print the version, the commit, Go's version and the default chart version",
		about:   "Takes the target flags of the other commands, so that one set of arguments does for all, and ignores them.",
		example: []string{"gen3-bootstrap version -o json"},
		groups:  in.versionGroups(),
		run:     func(context.Context) error { return printVersion(p, in) },
	}
}

// versionGroups are the flags that every command takes, of which those for the output matter.
func (in *inputs) versionGroups() []group {
	target := in.target()
	for i := range target.options {
		target.options[i].hidden = true
	}
	return []group{target, in.printing()}
}

func printVersion(p Process, in *inputs) error {
	info, _ := debug.ReadBuildInfo()
	doc := describe(p.Build, info)
	if s := newSession(p, in, "version", report.Done); s.machine() {
		return written(p.Stderr, report.Document(p.Stdout, s.form(), doc))
	}
	_, err := fmt.Fprintf(p.Stdout, "%s %s\ncommit         %s\ngo             %s\ndefault chart  external-secrets %s\n",
		program, doc.Version, doc.Commit, doc.Go, doc.DefaultChartVersion)
	return written(p.Stderr, err)
}

// text is the version that documents name.
func (b Build) text() string {
	info, _ := debug.ReadBuildInfo()
	return describe(b, info).Version
}

// describe fills what the linker was not told from what go build or go install noted.
func describe(b Build, info *debug.BuildInfo) versionDocument {
	doc := versionDocument{Go: runtime.Version(), DefaultChartVersion: chartsource.DefaultVersion}
	if info != nil {
		doc.Version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				doc.Commit = s.Value
			}
		}
	}
	doc.Version = cmp.Or(b.Version, doc.Version, "(devel)")
	doc.Commit = cmp.Or(b.Commit, doc.Commit, "(unknown)")
	return doc
}
