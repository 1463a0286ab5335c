package helminstall

import (
	"fmt"

	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

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
