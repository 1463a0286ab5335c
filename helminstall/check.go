package helminstall

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Check returns everything that is wrong with the settings themselves. It reads no file: ReadInputs does.
func (s Settings) Check() []error {
	var found []error
	for _, check := range []func() error{s.checkRelease, s.checkNamespace, s.checkVersion, s.checkChart} {
		if err := check(); err != nil {
			found = append(found, err)
		}
	}
	return found
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

func (s Settings) checkVersion() error {
	if s.Version == "" {
		return nil
	}
	if _, err := semver.NewVersion(s.Version); err != nil {
		return hint.With(fmt.Errorf("check --chart-version %q: not a version", s.Version),
			"give one exact version, such as "+DefaultVersion)
	}
	return nil
}

func (s Settings) checkChart() error {
	switch s.source() {
	case fromRegistry:
		return s.checkRegistry()
	case fromRepo:
		return s.checkRepo()
	case fromDisk:
	}
	return nil
}

func (s Settings) checkRepo() error {
	if strings.Contains(s.chart(), "/") {
		return hint.With(fmt.Errorf("check --chart %q: no such file or directory", s.Chart),
			"for a chart of a repository give its bare name, and the repository's URL as --chart-repo")
	}
	u, err := url.Parse(s.repo())
	switch {
	case err != nil || u.Host == "":
		return hint.With(errors.New("check --chart-repo: not a URL"), "give https://host/path of a Helm repository")
	case u.Scheme == "oci":
		return hint.With(fmt.Errorf("check --chart-repo %s: a registry is not a repository", u.Redacted()),
			"give the whole reference as --chart oci://host/path/name")
	case u.Scheme != "http" && u.Scheme != "https":
		return hint.With(fmt.Errorf("check --chart-repo %s: scheme %q is not http or https", u.Redacted(), u.Scheme),
			"give https://host/path of a Helm repository")
	}
	return nil
}

func (s Settings) checkRegistry() error {
	u, err := url.Parse(s.chart())
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return hint.With(fmt.Errorf("check --chart %q: not an oci:// reference", s.Chart), "write oci://host/path/name")
	}
	if strings.ContainsAny(u.Path, ":@") {
		return hint.With(fmt.Errorf("check --chart %q: a tag or digest in the reference", s.Chart),
			"give the version as --chart-version")
	}
	return nil
}

// sameVersion compares by meaning: v0.16.2 and 0.16.2 are one version.
func sameVersion(a, b string) bool {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return a == b
	}
	return same(va, vb)
}

func same(a, b *semver.Version) bool {
	return a != nil && b != nil && a.Equal(b) && a.Metadata() == b.Metadata()
}
