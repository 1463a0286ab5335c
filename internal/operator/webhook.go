package main

import (
	"context"
	"flag"
	"fmt"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

// serveWebhook answers for SecretStores, ClusterSecretStores and ExternalSecrets until ctx ends. The upstream command
// listens on every address and renews certificates by its third program, which the sandbox stands in for.
func serveWebhook(ctx context.Context, args []string) error {
	opts := webhook.Options{Host: "127.0.0.1"}
	fs := flag.NewFlagSet("webhook", flag.ContinueOnError)
	fs.IntVar(&opts.Port, "port", 0, "`port` on loopback")
	fs.StringVar(&opts.CertDir, "cert-dir", "", "`directory` of tls.crt and tls.key")
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("parse flags: %w", err)
	}
	ctrl.SetLogger(zap.New())
	mgr, err := newWebhookManager(opts)
	if err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// newWebhookManager registers the three validators. They ask no API server, so the manager never calls the one that it
// is given.
func newWebhookManager(opts webhook.Options) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	if err := esv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register kinds: %w", err)
	}
	mgr, err := ctrl.NewManager(&rest.Config{Host: "127.0.0.1:0"}, ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, WebhookServer: webhook.NewServer(opts),
	})
	if err != nil {
		return nil, fmt.Errorf("make manager: %w", err)
	}
	for kind, register := range map[string]func(ctrl.Manager) error{
		"ExternalSecret":     (&esv1.ExternalSecret{}).SetupWebhookWithManager,
		"SecretStore":        (&esv1.SecretStore{}).SetupWebhookWithManager,
		"ClusterSecretStore": (&esv1.ClusterSecretStore{}).SetupWebhookWithManager,
	} {
		if err := register(mgr); err != nil {
			return nil, fmt.Errorf("register webhook of %s: %w", kind, err)
		}
	}
	return mgr, nil
}
