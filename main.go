// Command gen3-bootstrap takes an AWS account and a Kubernetes cluster to the state in which External Secrets Operator
// runs there and the gen3 chart can read AWS Secrets Manager.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/internal/cli"
)

// Set by -ldflags "-X main.version=… -X main.commit=…"; else the build information of the module stands in.
var version, commit string

func main() {
	log.SetOutput(io.Discard) // Helm's libraries print to it; what concerns an operator comes as an event or an error
	ctx := untilSignal(context.Background(), func() { os.Exit(cli.ExitInterrupted) })
	os.Exit(cli.Run(ctx, cli.Process{
		Args:    os.Args,
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Getenv:  os.Getenv,
		Environ: os.Environ(),
		Now:     time.Now,
		Build:   cli.Build{Version: version, Commit: commit},
	}))
}

// untilSignal returns a context that the first SIGINT, SIGTERM or SIGHUP ends, so that the run finishes or undoes what
// it began; at the second one, a second later or more, it calls kill.
func untilSignal(parent context.Context, kill func()) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	// Under nohup SIGHUP stays ignored. SIGINT is caught even where a script's shell ignored it for a run in the
	// background, since whoever sends it by hand means it.
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	// Caught and dropped, a SIGPIPE turns into EPIPE from the write. Ignored, it would stay so in the credential
	// plugins that kubectl's configuration starts.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		cancel(fmt.Errorf("received %s", <-signals))
		first := time.Now()
		for range signals {
			// A terminal sends one Ctrl-C to a shell or make and to its children, and these pass it on: that is one.
			if time.Since(first) > time.Second {
				kill()
				return
			}
		}
	}()
	return ctx
}
