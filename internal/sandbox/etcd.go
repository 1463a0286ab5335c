package sandbox

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcd is the store of one API server.
type etcd struct {
	endpoint string
	server   *embed.Etcd
}

// startEtcd runs etcd with its data and its log under dir.
func startEtcd(ctx context.Context, dir string) (*etcd, error) {
	server, err := embed.StartEtcd(etcdConfig(dir))
	if err != nil {
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	e := &etcd{endpoint: "http://" + server.Clients[0].Addr().String(), server: server}
	select {
	case <-server.Server.ReadyNotify():
		return e, nil
	case err := <-server.Err():
		return nil, fmt.Errorf("start etcd: %w", err)
	case <-ctx.Done():
		server.Close()
		return nil, fmt.Errorf("wait for etcd: %w", context.Cause(ctx))
	}
}

// etcdConfig trades durability for speed: nothing outlives the sandbox.
func etcdConfig(dir string) *embed.Config {
	anyPort := []url.URL{{Scheme: "http", Host: loopback}}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "etcd")
	cfg.LogOutputs = []string{filepath.Join(dir, "etcd.log")}
	cfg.LogLevel = "warn"
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = anyPort, anyPort
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = anyPort, anyPort
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.UnsafeNoFsync = true
	cfg.TickMs, cfg.ElectionMs = 50, 250 // the only member need not wait long to be elected
	cfg.EnableGRPCGateway = false
	return cfg
}

func (e *etcd) stop() error {
	e.server.Close()
	return nil
}
