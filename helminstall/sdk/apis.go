package sdk

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// APIs is what discovery tells of a server. It is read while the chart is downloaded, since a render needs both.
type APIs struct {
	capabilities *chartutil.Capabilities
	Mapper       meta.RESTMapper
}

// Discover asks a server.
func Discover(ctx context.Context, config *rest.Config) (*APIs, error) {
	s, err := newSession(ctx, config, "", nil)
	if err != nil {
		return nil, err
	}
	var server *version.Info
	var versions chartutil.VersionSet
	var groups []*restmapper.APIGroupResources
	var group errgroup.Group
	group.Go(func() (err error) {
		server, err = s.discovery.ServerVersion()
		return err
	})
	group.Go(func() (err error) {
		// An aggregated API that is down must not stop a chart that does not use it.
		if versions, err = action.GetVersionSet(s.discovery); err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
			return err
		}
		groups, err = restmapper.GetAPIGroupResources(s.discovery)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("discover the cluster's APIs: %w", err)
	}
	return &APIs{Mapper: restmapper.NewDiscoveryRESTMapper(groups), capabilities: &chartutil.Capabilities{
		APIVersions: versions,
		KubeVersion: chartutil.KubeVersion{Version: server.GitVersion, Major: server.Major, Minor: server.Minor},
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}}, nil
}
