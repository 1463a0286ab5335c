package helminstall

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/repo"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// repository is one Helm chart repository, read without the user's helm configuration or caches.
type repository struct {
	client *http.Client
	url    string // without a trailing slash; may carry user:password
}

// entry is as much of an index as is needed to choose, fetch and check an archive.
type entry struct {
	Version string   `json:"version"`
	URLs    []string `json:"urls"`
	Digest  string   `json:"digest"`
}

func (r repository) chart(ctx context.Context, name, version string) (fetched, error) {
	entries, err := r.entries(ctx, name)
	if err != nil {
		return fetched{}, err
	}
	e, err := r.choose(entries, name, version)
	if err != nil {
		return fetched{}, err
	}
	archive, err := r.archive(ctx, name, e)
	if err != nil {
		return fetched{}, err
	}
	out, err := r.verify(name, e, archive)
	if err != nil {
		return fetched{}, err
	}
	if out.chart, err = loader.LoadArchive(bytes.NewReader(archive)); err != nil {
		return fetched{}, fmt.Errorf("load chart %s %s: %w", name, e.Version, err)
	}
	return out, installable(name, out.chart)
}

// verify holds an archive against the digest that is known for it, or else against the index.
func (r repository) verify(name string, e entry, archive []byte) (fetched, error) {
	what := fmt.Sprintf("chart %s %s from %s", name, e.Version, r.shown())
	want := cmp.Or(publishedDigest(r.url, name, e.Version), e.Digest)
	if want == "" {
		return fetched{warnings: []string{what + " has no digest in its repository's index: not verified"}}, nil
	}
	return fetched{}, checkDigest(what, archive, want)
}

// choose takes an exact version, or the newest that is not a pre-release.
func (r repository) choose(entries []entry, name, version string) (entry, error) {
	slices.SortStableFunc(entries, func(a, b entry) int { return compareVersions(b.Version, a.Version) })
	for _, e := range entries {
		if version != "" && sameVersion(e.Version, version) || version == "" && stable(e.Version) {
			return e, nil
		}
	}
	return entry{}, refuse(fmt.Errorf("find chart %s %s: not in repository %s", name, version, r.shown()),
		"the newest versions there are "+newest(entries))
}

func (r repository) archive(ctx context.Context, name string, e entry) ([]byte, error) {
	if len(e.URLs) == 0 {
		return nil, refuse(fmt.Errorf("find chart %s %s: repository %s gives no address for it", name, e.Version, r.shown()),
			"choose another --chart-version, or give the archive as --chart FILE.tgz")
	}
	addr, err := repo.ResolveReferenceURL(r.url, e.URLs[0])
	if err != nil {
		return nil, fmt.Errorf("find chart %s %s: %w", name, e.Version, err)
	}
	body, err := download(ctx, r.client, r.withCredentials(addr))
	if err != nil {
		return nil, hint.With(fmt.Errorf("download chart %s %s: %w", name, e.Version, err), unreachableHint)
	}
	return body, nil
}

// withCredentials sends the repository's user:password to its own host only.
func (r repository) withCredentials(addr string) string {
	base, errBase := url.Parse(r.url)
	u, err := url.Parse(addr)
	if err != nil || errBase != nil || base.User == nil || u.User != nil || u.Host != base.Host || u.Scheme != base.Scheme {
		return addr
	}
	u.User = base.User
	return u.String()
}

// shown is the URL without its password.
func (r repository) shown() string {
	u, err := url.Parse(r.url)
	if err != nil {
		return "(not a URL)"
	}
	return u.Redacted()
}

func (r repository) entries(ctx context.Context, name string) ([]entry, error) {
	body, err := download(ctx, r.client, r.url+"/index.yaml")
	if status, ok := errors.AsType[httpStatus](err); ok && status == http.StatusNotFound {
		return nil, refuse(fmt.Errorf("read chart repository %s: it has no index.yaml", r.shown()), "check --chart-repo")
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("read chart repository %s: %w", r.shown(), err), unreachableHint)
	}
	all, err := parseIndex(body)
	if err != nil {
		return nil, refuse(fmt.Errorf("read chart repository %s: %w", r.shown(), err), "check --chart-repo")
	}
	if len(all[name]) == 0 {
		return nil, refuse(fmt.Errorf("find chart %s: not in repository %s", name, r.shown()), "it has "+names(all))
	}
	return all[name], nil
}

const unreachableHint = "check --chart-repo and the proxy settings (HTTPS_PROXY); " +
	"without a way out, give the chart as a file with --chart FILE.tgz, or leave Helm out with --skip-helm"

func compareVersions(a, b string) int {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return cmp.Compare(boolInt(errA == nil), boolInt(errB == nil))
	}
	return va.Compare(vb)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func stable(version string) bool {
	v, err := semver.NewVersion(version)
	return err == nil && v.Prerelease() == ""
}

// newest lists a few versions of sorted entries, for a hint.
func newest(entries []entry) string {
	var out []string
	for _, e := range entries {
		if len(out) < 5 && stable(e.Version) {
			out = append(out, e.Version)
		}
	}
	return cmp.Or(strings.Join(out, ", "), "none")
}
