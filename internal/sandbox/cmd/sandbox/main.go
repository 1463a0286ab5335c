// Command sandbox runs what gen3-bootstrap needs to be tried without a cluster
// or an account: a Kubernetes control plane, a Helm repository and a fake of
// AWS, all in this process and on loopback.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage:
  sandbox start [flags]         run a sandbox; prints one JSON line when it is ready
  sandbox charts [flags]        build the charts that it serves, anew
  sandbox demo [flags] PROGRAM  run gen3-bootstrap, of which PROGRAM is the path, against a sandbox
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sandbox: error:", err)
		os.Exit(1)
	}
}

// run is main without the process.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return errors.New("no command given")
	}
	switch args[0] {
	case "start":
		return start(ctx, args[1:], stdin, stdout, stderr)
	case "charts":
		return buildCharts(ctx, args[1:], stdout, stderr)
	case "demo":
		return demo(ctx, args[1:], stdout, stderr)
	case "-h", "-help", "--help", "help":
		fmt.Fprint(stdout, usage)
		return nil
	default:
		fmt.Fprint(stderr, usage)
		return fmt.Errorf("no such command: %q", args[0])
	}
}

// parse parses flags and rejects what is left over.
func parse(fs *flag.FlagSet, args []string, stderr io.Writer) error {
	fs.SetOutput(stderr)
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument: %q", fs.Arg(0))
	}
	return nil
}
