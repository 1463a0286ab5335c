package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"k8s.io/client-go/rest"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/eso"
)

// DefaultIssuer is the service account issuer when Options names none. It has
// the shape of an EKS issuer, so that IRSA can be tested against it.
const DefaultIssuer = "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

// Options say what a sandbox is made of. The zero value is a control plane
// with nothing beside it.
type Options struct {
	// BaseDir holds the directories of all sandboxes; empty means a directory
	// of this user under the system's one for temporary files.
	BaseDir string
	// Issuer is the service account issuer; empty means DefaultIssuer.
	Issuer string
	// ChartRepo is served as the Helm repository, if set.
	ChartRepo http.Handler
	// AWS is served as the endpoint of AWS, if set.
	AWS http.Handler
	// Operator is the path of External Secrets Operator, to be run for the pods
	// of its chart. Without it those pods are ready with nothing in them.
	Operator string
	// OperatorAWS is the endpoint of AWS that the operator uses; empty means
	// the one that is served.
	OperatorAWS string
	// Log receives what is logged besides the file "log" in the sandbox's
	// directory, if set. Kubernetes has one log for a process: with several
	// sandboxes in one, the last one started has it.
	Log io.Writer
}

// Sandbox is a running control plane.
type Sandbox struct {
	// Dir holds everything that the sandbox wrote, and goes with it.
	Dir string
	// Kubeconfig is the path of an administrator's kubeconfig.
	Kubeconfig string
	// RestrictedKubeconfig is the path of a kubeconfig of RestrictedUser.
	RestrictedKubeconfig string
	// Server is the URL of the API server.
	Server string
	// Issuer is the service account issuer in force.
	Issuer string
	// ChartRepo is the URL of the Helm repository, or empty.
	ChartRepo string
	// AWSEndpoint is the URL of the fake of AWS, or empty.
	AWSEndpoint string
	// Operator is the path of the operator that runs in its pods, or empty.
	Operator string
	// Config is an administrator's client configuration.
	Config *rest.Config

	operator *eso.Fleet // nil without one
	stops    []func() error
}

// Start returns when the API server answers, the system namespaces exist and
// the controllers work. The sandbox outlives ctx, which bounds only the start.
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	if opts.Issuer == "" {
		opts.Issuer = DefaultIssuer
	}
	s := &Sandbox{Issuer: opts.Issuer}
	if err := s.start(ctx, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("start sandbox: %w", err), s.Stop())
	}
	return s, nil
}

// start brings the parts up in the order of their dependence.
func (s *Sandbox) start(ctx context.Context, opts Options) error {
	dir, err := claimDir(opts.BaseDir)
	if err != nil {
		return err
	}
	s.Dir = dir.path
	s.onStop(dir.release)
	log, err := openLog(s.Dir, opts.Log)
	if err != nil {
		return err
	}
	s.onStop(log.Close)
	if s.AWSEndpoint, err = s.serve(opts.AWS); err != nil {
		return fmt.Errorf("serve AWS: %w", err)
	}
	if err := s.prepareOperator(opts); err != nil {
		return err
	}
	if err := s.startAPI(ctx); err != nil {
		return err
	}
	if s.ChartRepo, err = s.serve(opts.ChartRepo); err != nil {
		return fmt.Errorf("serve charts: %w", err)
	}
	return nil
}

// startAPI starts etcd, the API server and the controllers, and waits for them.
func (s *Sandbox) startAPI(ctx context.Context) error {
	etcd, err := startEtcd(ctx, s.Dir)
	if err != nil {
		return err
	}
	s.onStop(etcd.stop)
	creds, err := writeCredentials(s.Dir)
	if err != nil {
		return err
	}
	egress, err := s.writeEgress()
	if err != nil {
		return err
	}
	api, err := startAPIServer(ctx, apiServerOptions{etcd: etcd.endpoint, issuer: s.Issuer, creds: creds, egress: egress})
	if err != nil {
		return err
	}
	s.onStop(api.stop)
	if s.operator != nil {
		s.onStop(s.operator.Stop) // before the API server, which waits a minute for watches to end
	}
	s.Server = api.url
	s.Config = creds.restConfig(s.Server)
	if err := s.writeKubeconfigs(creds); err != nil {
		return err
	}
	if err := waitForAPI(ctx, s.Config, api); err != nil {
		return err
	}
	ctrl, err := s.startControllers(creds.caPEM)
	if err != nil {
		return err
	}
	s.onStop(ctrl.stop)
	return waitForControllers(ctx, s.Config)
}

// onStop adds a part to stop; the last one started is stopped first.
func (s *Sandbox) onStop(stop func() error) { s.stops = append(s.stops, stop) }

// Stop ends all parts and removes the directory. It may be called again.
func (s *Sandbox) Stop() error {
	var errs []error
	for len(s.stops) > 0 {
		last := len(s.stops) - 1
		errs = append(errs, s.stops[last]())
		s.stops = s.stops[:last]
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop sandbox: %w", err)
	}
	return nil
}
