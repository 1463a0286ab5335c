package chartsource

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

func (r repository) chart(ctx context.Context, name, version string) (Fetched, error) {
	index, err := r.index(ctx, name)
	if err != nil {
		return Fetched{}, err
	}
	e, err := r.choose(index.byVersion(), name, version)
	if err != nil {
		return Fetched{}, err
	}
	archive, err := r.archive(ctx, name, e)
	if err != nil {
		return Fetched{}, err
	}
	out, err := r.verify(name, e, archive)
	if err != nil {
		return Fetched{}, err
	}
	if out.Chart, err = loader.LoadArchive(bytes.NewReader(archive)); err != nil {
		return Fetched{}, fmt.Errorf("load chart %s %s: %w", name, e.Version, err)
	}
	return out, installable(name, out.Chart)
}

// verify holds an archive against the digest that is known for it, or else against the index.
func (r repository) verify(name string, e entry, archive []byte) (Fetched, error) {
	what := fmt.Sprintf("chart %s %s from %s", name, e.Version, r.shown())
	want := cmp.Or(publishedDigest(r.url, name, e.Version), e.Digest)
	if want == "" {
		return Fetched{Warnings: []string{what + " has no digest in its repository's index: not verified"}}, nil
	}
	return Fetched{}, checkDigest(what, archive, want)
}

// choose takes an exact version, or the newest that is not a pre-release, of entries that are sorted.
func (r repository) choose(entries []entry, name, version string) (entry, error) {
	wanted, _ := semver.NewVersion(version)
	for _, e := range entries {
		if version == "" && e.stable() || version != "" && (e.Version == version || same(e.version, wanted)) {
			return e, nil
		}
	}
	return entry{}, hint.Refuse(fmt.Errorf("find chart %s %s: not in repository %s", name, version, r.shown()),
		"the newest versions there are "+newest(entries))
}

func (r repository) archive(ctx context.Context, name string, e entry) ([]byte, error) {
	if len(e.URLs) == 0 {
		return nil, hint.Refuse(fmt.Errorf("find chart %s %s: repository %s gives no address for it", name, e.Version, r.shown()),
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

func (r repository) index(ctx context.Context, name string) (chartIndex, error) {
	var none chartIndex
	body, err := download(ctx, r.client, r.url+"/index.yaml")
	if status, ok := errors.AsType[httpStatus](err); ok && status == http.StatusNotFound {
		return none, hint.Refuse(fmt.Errorf("read chart repository %s: it has no index.yaml", r.shown()), "check --chart-repo")
	}
	if err != nil {
		return none, hint.With(fmt.Errorf("read chart repository %s: %w", r.shown(), err), unreachableHint)
	}
	found, err := parseIndex(body, name)
	if err != nil {
		return none, hint.Refuse(fmt.Errorf("read chart repository %s: %w", r.shown(), err), "check --chart-repo")
	}
	if len(found.entries) == 0 {
		return none, hint.Refuse(fmt.Errorf("find chart %s: not in repository %s", name, r.shown()), "it has "+found.names())
	}
	return found, nil
}

const unreachableHint = "check --chart-repo and the proxy settings (HTTPS_PROXY); " +
	"without access to the internet, give the chart as a file with --chart FILE.tgz, or leave Helm out with --skip-helm"

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
		if len(out) < 5 && e.stable() {
			out = append(out, e.Version)
		}
	}
	return cmp.Or(strings.Join(out, ", "), "none")
}
