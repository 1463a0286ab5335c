package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/chartrepo"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/charts"
)

// settings are the flags of "sandbox start".
type settings struct {
	dir, issuer, cache string
	charts, aws        bool
	untilStdinCloses   bool
	detach, verbose    bool
}

func newStartFlags(s *settings) (*flag.FlagSet, error) {
	cache, err := chartCache()
	if err != nil {
		return nil, err
	}
	fs := flag.NewFlagSet("sandbox start", flag.ContinueOnError)
	fs.StringVar(&s.dir, "dir", "", "`directory` under which this sandbox makes its own (default: a directory for temporary files)")
	fs.StringVar(&s.issuer, "issuer", sandbox.DefaultIssuer, "service account issuer `URL`")
	fs.StringVar(&s.cache, "charts-cache", cache, "`directory` of the built charts; they are built if they are not there")
	fs.BoolVar(&s.charts, "charts", true, "serve the Helm repository")
	fs.BoolVar(&s.aws, "aws", true, "serve the fake of AWS")
	fs.BoolVar(&s.untilStdinCloses, "until-stdin-closes", false, "end when stdin is closed")
	fs.BoolVar(&s.detach, "detach", false, "go on when the parent process ends")
	fs.BoolVar(&s.verbose, "verbose", false, "log to stderr as well")
	return fs, nil
}

// start runs a sandbox until a signal or the end of whoever started it.
func start(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var s settings
	fs, err := newStartFlags(&s)
	if err != nil {
		return err
	}
	if err := parse(fs, args, stderr); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.watchParent(ctx, cancel, stdin)

	opts := sandbox.Options{BaseDir: s.dir, Issuer: s.issuer}
	if s.verbose {
		opts.Log = stderr
	}
	if s.charts {
		dir, err := charts.Ensure(ctx, s.cache)
		if err != nil {
			return err
		}
		opts.ChartRepo = chartrepo.New(dir)
	}
	if s.aws {
		opts.AWS = newAWS()
	}
	sb, err := sandbox.Start(ctx, opts)
	if err != nil {
		return err
	}
	if err := announce(stdout, sb); err != nil {
		return err
	}
	<-ctx.Done()
	return sb.Stop()
}

// ready is the line that tells whoever started the sandbox how to use it. The
// fields about AWS are empty without the fake.
type ready struct {
	Kubeconfig           string `json:"kubeconfig"`
	RestrictedKubeconfig string `json:"restrictedKubeconfig"`
	Server               string `json:"server"`
	ChartRepo            string `json:"chartRepo"`
	AWSEndpoint          string `json:"awsEndpoint"`
	Account              string `json:"account"`
	Region               string `json:"region"`
	AccessKeyID          string `json:"accessKeyId"`
	SecretAccessKey      string `json:"secretAccessKey"`
	Issuer               string `json:"issuer"`
	Dir                  string `json:"dir"`
	PID                  int    `json:"pid"`
}

func announce(stdout io.Writer, sb *sandbox.Sandbox) error {
	r := ready{
		Kubeconfig:           sb.Kubeconfig,
		RestrictedKubeconfig: sb.RestrictedKubeconfig,
		Server:               sb.Server,
		ChartRepo:            sb.ChartRepo,
		AWSEndpoint:          sb.AWSEndpoint,
		Issuer:               sb.Issuer,
		Dir:                  sb.Dir,
		PID:                  os.Getpid(),
	}
	if sb.AWSEndpoint != "" {
		r.Account, r.Region = awsAccount, awsRegion
		r.AccessKeyID, r.SecretAccessKey = awsfake.AdminKeyID, awsfake.AdminSecret
	}
	if err := json.NewEncoder(stdout).Encode(r); err != nil {
		return fmt.Errorf("announce sandbox: %w", err)
	}
	return nil
}
