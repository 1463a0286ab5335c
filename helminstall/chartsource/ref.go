package chartsource

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
)

// What a run installs when nothing else is asked for. Sites that run Gen3 pin this version: it serves both v1beta1 and
// v1 of the External Secrets API, and the gen3 charts need one or the other.
const (
	DefaultChart   = "external-secrets"
	DefaultRepo    = "https://charts.external-secrets.io"
	DefaultVersion = "0.16.2"
)

// Source says where a chart comes from, since each place has its own rules for versions and digests.
type Source int

// The places.
const (
	Repository Source = iota
	Disk
	Registry
)

// Ref says which chart is meant, and where it comes from.
type Ref struct {
	Chart   string // a name in Repo, a directory, a .tgz or oci://...
	Repo    string // URL, without a trailing slash; may carry user:password
	Version string // "" is whichever there is
	From    Source
}

// Of takes what the flags --chart, --chart-repo and --chart-version say, each "" for its default. A path is told from a name as
// helm does, except that the default name is never taken for a directory that happens to be called the same in the working
// directory.
func Of(chart, repo, version string) Ref {
	r := Ref{Chart: cmp.Or(chart, DefaultChart), Repo: strings.TrimRight(cmp.Or(repo, DefaultRepo), "/"), Version: version}
	switch {
	case strings.HasPrefix(r.Chart, "oci://"):
		r.From = Registry
	case looksLikePath(r.Chart):
		r.From = Disk
	case r.Chart == DefaultChart:
	default:
		if _, err := os.Stat(r.Chart); err == nil {
			r.From = Disk
		}
	}
	return r
}

// Name is the name that the chart must have, as far as the reference tells; "" where only its content does.
func (r Ref) Name() string {
	switch r.From {
	case Repository:
		return r.Chart
	case Registry:
		return path.Base(r.Chart)
	case Disk:
	}
	return ""
}

// Place says where the chart comes from, for a person to read: without the password that a repository's URL may have.
func (r Ref) Place() string {
	if r.From != Repository {
		return r.Chart
	}
	u, err := url.Parse(r.Repo)
	if err != nil {
		return "a repository"
	}
	u.User = nil
	return u.String()
}

// FirstVersion is the version that a first install takes; "" is the newest.
func (r Ref) FirstVersion() string {
	if r.Version != "" {
		return r.Version
	}
	if r.From != Disk && r.Name() == DefaultChart {
		return DefaultVersion
	}
	return ""
}

// Fetch brings the chart into memory, in the given version ("" is the newest).
func (r Ref) Fetch(ctx context.Context, client *http.Client, version string) (*Fetched, error) {
	var got Fetched
	var err error
	if r.From == Registry {
		got, err = pullRegistry(ctx, client, r.Chart, version)
	} else {
		got, err = repository{client: client, url: r.Repo}.chart(ctx, r.Chart, version)
	}
	if err != nil {
		return nil, err
	}
	return &got, nil
}

func looksLikePath(ref string) bool {
	for _, p := range []string{"/", "./", "../"} {
		if strings.HasPrefix(ref, p) {
			return true
		}
	}
	return ref == "." || ref == ".." || strings.HasSuffix(ref, ".tgz") || strings.HasSuffix(ref, ".tar.gz")
}
