package helminstall

import (
	"cmp"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Settings is what a run wants of the release.
type Settings struct {
	Release   string // --release
	Namespace string // --release-namespace
	// ReleaseGiven: one of these was given, and is not only the default; another than the default counts as given.
	ReleaseGiven bool
	Chart        string // --chart: a name in Repo, a directory, a .tgz or oci://…; "" is DefaultChart
	Repo         string // --chart-repo; "" is DefaultRepo
	// Version is --chart-version. Empty: DefaultVersion on a first install, else the release keeps its own.
	Version string
	Values  []string // --values, paths, later ones win
	Set     []string // --set, as helm spells it, wins over Values
	// SetString, SetJSON and SetFile are the other ways in which helm takes single values.
	SetString, SetJSON, SetFile []string
	NoWait                      bool // --no-wait
	Adopt                       bool // --adopt
	// NamespaceMade: another step makes the namespace before this one is applied.
	NamespaceMade bool
	// Inputs is what ReadInputs read of Chart and Values. Where nobody called it, a Step does when it first observes.
	Inputs *Inputs
	// Timeout bounds the mutating phase and, separately, the wait.
	Timeout time.Duration
}

// defaultTimeout is what --timeout defaults to; a step that is given none must not wait for ever.
const defaultTimeout = 10 * time.Minute

func (s Settings) chart() string { return cmp.Or(s.Chart, chartsource.DefaultChart) }

// ref is where the chart comes from, as it was when the inputs were read.
func (s Settings) ref() chartsource.Ref {
	if s.Inputs != nil {
		return s.Inputs.ref
	}
	return chartsource.Of(s.Chart, s.Repo, s.Version)
}

func (s Settings) timeout() time.Duration { return cmp.Or(s.Timeout, defaultTimeout) }

// explicit reports whether the run asks for anything beyond "an operator is there".
func (s Settings) explicit() bool {
	return s.Version != "" || len(s.Values) > 0 || len(s.Set)+len(s.SetString)+len(s.SetJSON)+len(s.SetFile) > 0 || s.chart() != chartsource.DefaultChart
}

func (s Settings) releaseGiven() bool {
	return s.ReleaseGiven || s.Release != chartsource.DefaultChart || s.Namespace != chartsource.DefaultChart
}

// wantName and wantVersion say what an existing release must have; "" leaves it as it is.
func (s Settings) wantName() string {
	if s.Version == "" && s.chart() == chartsource.DefaultChart {
		return ""
	}
	return s.ref().Name()
}

// Check returns everything that is wrong with the settings themselves. It reads no file: ReadInputs does.
func (s Settings) Check() []error {
	var found []error
	for _, check := range []func() error{s.checkRelease, s.checkNamespace} {
		if err := check(); err != nil {
			found = append(found, err)
		}
	}
	return append(found, s.ref().Check()...)
}

func (s Settings) checkRelease() error {
	if err := chartutil.ValidateReleaseName(s.Release); err != nil {
		return hint.With(fmt.Errorf("check --release %q: not a Helm release name", s.Release),
			"use at most 53 of a-z, 0-9 and -, beginning and ending with a letter or a digit")
	}
	return nil
}

func (s Settings) checkNamespace() error {
	if problems := validation.IsDNS1123Label(s.Namespace); len(problems) > 0 {
		return hint.With(fmt.Errorf("check --release-namespace %q: not a namespace name", s.Namespace),
			"use at most 63 of a-z, 0-9 and -, beginning and ending with a letter or a digit")
	}
	return nil
}
