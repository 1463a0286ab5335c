package chartsource

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/registry"

	"github.com/uc-cdis/gen3-bootstrap/internal/bound"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// pullRegistry fetches a chart from an OCI registry, whose protocol itself checks the content against the digest of
// the tag. Logins made with helm or docker are used.
func pullRegistry(ctx context.Context, client *http.Client, ref, version string) (Fetched, error) {
	c, err := registryClient(ctx, client, ref)
	if err != nil {
		return Fetched{}, fmt.Errorf("open registry of %s: %w", ref, err)
	}
	bare := strings.TrimPrefix(ref, "oci://")
	if version == "" {
		if version, err = newestTag(c, bare); err != nil {
			return Fetched{}, registryError(ctx, ref, err)
		}
	}
	res, err := c.Pull(bare + ":" + version)
	if err != nil {
		return Fetched{}, registryError(ctx, fmt.Sprintf("%s version %s", ref, version), err)
	}
	ch, err := loader.LoadArchive(bytes.NewReader(res.Chart.Data))
	if err != nil {
		return Fetched{}, fmt.Errorf("load chart %s: %w", ref, err)
	}
	return Fetched{Chart: ch}, installable(ref, ch)
}

func registryClient(ctx context.Context, client *http.Client, ref string) (*registry.Client, error) {
	// The SDK's pull takes no context.
	limited := *client
	limited.Transport = bound.Transport{Context: ctx, Next: cmp.Or(client.Transport, http.DefaultTransport), Limit: maxDownload}
	opts := []registry.ClientOption{
		registry.ClientOptHTTPClient(&limited),
		registry.ClientOptWriter(io.Discard),
	}
	if loopback(ref) {
		opts = append(opts, registry.ClientOptPlainHTTP())
	}
	return registry.NewClient(opts...)
}

// loopback registries speak plain HTTP, as docker assumes.
func loopback(ref string) bool {
	u, err := url.Parse(ref)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func newestTag(c *registry.Client, bare string) (string, error) {
	tags, err := c.Tags(bare)
	if err != nil {
		return "", err
	}
	for _, t := range tags { // sorted, newest first
		if stable(t) {
			return t, nil
		}
	}
	return "", errors.New("it has no version tag")
}

func registryError(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("pull chart %s: %w", what, ctx.Err())
	}
	err = fmt.Errorf("pull chart %s: %w", what, err)
	if strings.Contains(err.Error(), "not found") { // the SDK wraps the registry's answer in no type of its own
		return hint.Refuse(err, "check --chart and --chart-version")
	}
	return hint.With(err, "check the address; a private registry needs: helm registry login HOST")
}
