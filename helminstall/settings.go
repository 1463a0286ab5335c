package helminstall

import (
	"cmp"
	"path"
	"strings"
	"time"
)

// What a run installs when nothing else is asked for. Sites that run Gen3 pin this version: it serves both v1beta1 and
// v1 of the External Secrets API, and the gen3 charts need one or the other.
const (
	DefaultChart   = "external-secrets"
	DefaultRepo    = "https://charts.external-secrets.io"
	DefaultVersion = "0.16.2"
)

// Settings is what a run wants of the release.
type Settings struct {
	Release   string // --release
	Namespace string // --release-namespace
	// ReleaseGiven is that one of these was given, and is not only the default; another than the default counts as given.
	ReleaseGiven bool
	Chart        string // --chart: a name in Repo, a directory, a .tgz or oci://…; "" is DefaultChart
	Repo         string // --chart-repo; "" is DefaultRepo
	// Version is --chart-version. Empty: DefaultVersion on a first install, else the release keeps its own.
	Version string
	Values  []string // --values, paths, later ones win
	Set     []string // --set, as helm spells it, wins over Values
	NoWait  bool     // --no-wait
	Adopt   bool     // --adopt
	// NamespaceMade is that another step makes the namespace before this one is applied.
	NamespaceMade bool
	// Inputs is what ReadInputs read of Chart and Values. Where nobody called it, a Step does when it first observes.
	Inputs *Inputs
	// Timeout bounds the mutating phase and, separately, the wait.
	Timeout time.Duration
}

// defaultTimeout is what --timeout defaults to; a step that is given none must not wait for ever.
const defaultTimeout = 10 * time.Minute

func (s Settings) chart() string          { return cmp.Or(s.Chart, DefaultChart) }
func (s Settings) repo() string           { return strings.TrimRight(cmp.Or(s.Repo, DefaultRepo), "/") }
func (s Settings) timeout() time.Duration { return cmp.Or(s.Timeout, defaultTimeout) }

// explicit reports whether the run asks for anything beyond "an operator is there".
func (s Settings) explicit() bool {
	return s.Version != "" || len(s.Values) > 0 || len(s.Set) > 0 || s.chart() != DefaultChart
}

func (s Settings) releaseGiven() bool {
	return s.ReleaseGiven || s.Release != DefaultChart || s.Namespace != DefaultChart
}

// firstVersion is the version that a first install takes; "" is the newest.
func (s Settings) firstVersion() string {
	if s.Version != "" {
		return s.Version
	}
	if s.source() != fromDisk && s.chartName() == DefaultChart {
		return DefaultVersion
	}
	return ""
}

// chartName is the name that the chart must have, as far as the reference tells; "" where only its content does.
func (s Settings) chartName() string {
	switch s.source() {
	case fromRepo:
		return s.chart()
	case fromRegistry:
		return path.Base(s.chart())
	case fromDisk:
	}
	return ""
}

// wantName and wantVersion say what an existing release must have; "" leaves it as it is.
func (s Settings) wantName() string {
	if s.Version == "" && s.chart() == DefaultChart {
		return ""
	}
	return s.chartName()
}
