package main

import (
	"context"
	"errors"
	"flag"
	"io"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/chartrepo"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox/charts"
)

// settings are the flags of "sandbox start".
type settings struct {
	dir, issuer, cache    string
	operator, operatorAWS string
	charts, aws           bool
	untilStdinCloses      bool
	detach, verbose       bool
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
	fs.StringVar(&s.operator, "operator", "", "`path` of External Secrets Operator, which then runs in the pods of its chart (default: they are empty)")
	fs.StringVar(&s.operatorAWS, "operator-aws", "", "`URL` at which the operator finds AWS (default: the fake that is served)")
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
	if s.verbose {
		return s.serve(ctx, stdout, stderr)
	}
	unmute, err := muteStderr()
	if err != nil {
		return err
	}
	if err := s.serve(ctx, stdout, nil); err != nil {
		return errors.Join(err, unmute())
	}
	return nil // still muted: what ends last may yet have its say
}

// serve starts a sandbox, announces it, and stops it when ctx ends.
func (s *settings) serve(ctx context.Context, stdout, log io.Writer) error {
	opts := sandbox.Options{BaseDir: s.dir, Issuer: s.issuer, Operator: s.operator, OperatorAWS: s.operatorAWS, Log: log}
	if s.charts {
		dir, err := charts.Ensure(ctx, s.cache)
		if err != nil {
			return err
		}
		opts.ChartRepo = chartrepo.New(dir)
	}
	aws := newAWS()
	if s.aws {
		opts.AWS = aws
	}
	sb, err := sandbox.Start(ctx, opts)
	if err != nil {
		return err
	}
	if err := publishKeys(ctx, aws, sb); err != nil {
		return errors.Join(err, sb.Stop())
	}
	if err := announce(stdout, sb); err != nil {
		return errors.Join(err, sb.Stop())
	}
	<-ctx.Done()
	return sb.Stop()
}
