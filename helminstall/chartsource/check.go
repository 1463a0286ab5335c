package chartsource

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// Check returns what is wrong with the reference itself, each with a hint. It reads nothing.
func (r Ref) Check() []error {
	var found []error
	for _, check := range []func() error{r.checkVersion, r.checkChart} {
		if err := check(); err != nil {
			found = append(found, err)
		}
	}
	return found
}

func (r Ref) checkVersion() error {
	if r.Version == "" {
		return nil
	}
	if _, err := semver.NewVersion(r.Version); err != nil {
		return hint.With(fmt.Errorf("check --chart-version %q: not a version", r.Version),
			"give one exact version, such as "+DefaultVersion)
	}
	return nil
}

func (r Ref) checkChart() error {
	switch r.From {
	case Registry:
		return r.checkRegistry()
	case Repository:
		return r.checkRepo()
	case Disk:
	}
	return nil
}

func (r Ref) checkRepo() error {
	if strings.Contains(r.Chart, "/") {
		return hint.With(fmt.Errorf("check --chart %q: no such file or directory", r.Chart),
			"for a chart of a repository give its bare name, and the repository's URL as --chart-repo")
	}
	u, err := url.Parse(r.Repo)
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

func (r Ref) checkRegistry() error {
	u, err := url.Parse(r.Chart)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return hint.With(fmt.Errorf("check --chart %q: not an oci:// reference", r.Chart), "write oci://host/path/name")
	}
	if strings.ContainsAny(u.Path, ":@") {
		return hint.With(fmt.Errorf("check --chart %q: a tag or digest in the reference", r.Chart),
			"give the version as --chart-version")
	}
	return nil
}

// SameVersion compares by meaning: v0.16.2 and 0.16.2 are one version.
func SameVersion(a, b string) bool {
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
