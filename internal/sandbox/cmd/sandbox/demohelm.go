package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// release is a release of the gen3 chart, as helm makes it.
type release struct {
	kubeconfig, namespace, name string
	chart                       string // its archive
}

// apply is `helm upgrade --install` with values files.
func (r release) apply(ctx context.Context, files ...string) error {
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	ch, err := loader.LoadFile(r.chart)
	if err != nil {
		return fmt.Errorf("load chart %s: %w", r.chart, err)
	}
	values, err := merged(files)
	if err != nil {
		return err
	}
	if _, err := cfg.Releases.Last(r.name); errors.Is(err, driver.ErrReleaseNotFound) {
		in := action.NewInstall(cfg)
		in.ReleaseName, in.Namespace, in.DisableHooks = r.name, r.namespace, true // nothing runs their Jobs here
		if _, err := in.RunWithContext(ctx, ch, values); err != nil {
			return fmt.Errorf("install release %s: %w", r.name, err)
		}
		return nil
	}
	up := action.NewUpgrade(cfg)
	up.Namespace, up.DisableHooks = r.namespace, true
	if _, err := up.RunWithContext(ctx, r.name, ch, values); err != nil {
		return fmt.Errorf("upgrade release %s: %w", r.name, err)
	}
	return nil
}

func (r release) uninstall() error {
	cfg, err := r.configuration()
	if err != nil {
		return err
	}
	down := action.NewUninstall(cfg)
	down.Wait, down.Timeout = true, time.Minute
	if _, err := down.Run(r.name); err != nil {
		return fmt.Errorf("uninstall release %s: %w", r.name, err)
	}
	return nil
}

func (r release) configuration() (*action.Configuration, error) {
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig, flags.Namespace = &r.kubeconfig, &r.namespace
	cfg := &action.Configuration{}
	if err := cfg.Init(flags, r.namespace, "secret", func(string, ...any) {}); err != nil {
		return nil, fmt.Errorf("connect helm to sandbox: %w", err)
	}
	return cfg, nil
}

func merged(files []string) (map[string]any, error) {
	out := map[string]any{}
	for _, file := range files {
		values, err := chartutil.ReadValuesFile(file)
		if err != nil {
			return nil, fmt.Errorf("read values file %s: %w", file, err)
		}
		out = chartutil.MergeTables(values, out)
	}
	return out, nil
}
