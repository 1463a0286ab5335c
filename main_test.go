package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
)

// TestMain lets the scripts, and the tests here, start this very binary as other programs.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gen3-bootstrap": main,
		"waiter":         waiter,
		"writer":         writer,
	})
}

// TestScripts runs the command lines that need neither cluster nor account.
func TestScripts(t *testing.T) {
	charts := map[string]string{
		"CHART": gen3test.Checkout(t, gen3test.New), "ARCHIVE": gen3test.Pack(t, gen3test.New), "OLD_CHART": gen3test.Checkout(t, gen3test.Old),
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for name, path := range charts {
				env.Setenv(name, path)
			}
			return nil
		},
	})
}

// waiter stands for a run. It ends well at the first signal, or, with an argument, goes on for ever.
func waiter() {
	ctx := untilSignal(context.Background(), func() { os.Exit(130) })
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println(context.Cause(ctx))
	if len(os.Args) > 1 {
		select {}
	}
}

// writer stands for a run whose reader goes away: it tells by its exit code what writing to the pipe brought.
func writer() {
	_ = untilSignal(context.Background(), func() {})
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	for _, w := range []io.Writer{os.Stdout, os.Stderr} {
		if _, err := fmt.Fprintln(w, "anybody there?"); !errors.Is(err, syscall.EPIPE) {
			os.Exit(3)
		}
	}
	os.Exit(4)
}

func TestFirstSignalEndsTheContext(t *testing.T) {
	// Under nohup SIGHUP is ignored, and a child would inherit that; what is caught here is not ignored there.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd, out := started(t, "waiter")
			signalled(t, cmd, sig)
			if line := next(t, out); line != "received "+sig.String()+"\n" {
				t.Errorf("got %q", line)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("the run did not end of its own: %v", err)
			}
		})
	}
}

// TestSecondSignalEndsTheProcess: one that comes within a second is the first one once more.
func TestSecondSignalEndsTheProcess(t *testing.T) {
	cmd, out := started(t, "waiter", "stubborn")
	signalled(t, cmd, syscall.SIGINT)
	next(t, out) // the first one has arrived
	begun := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		_ = cmd.Process.Signal(syscall.SIGINT) // an error: it has ended
		select {
		case err := <-ended:
			if exitCode(err) != 130 {
				t.Errorf("got %v", err)
			}
			if after := time.Since(begun); after < 900*time.Millisecond {
				t.Errorf("a signal that came twice ended it after %s", after)
			}
			return
		case <-again.C:
		}
	}
}

func TestClosedPipesAreWriteErrors(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("writer")
	cmd.Stdout, cmd.Stderr = w, w
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Close(), r.Close()
	if _, err := io.WriteString(stdin, "write now\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); exitCode(err) != 4 {
		t.Errorf("got %v", err)
	}
}

// started starts one of TestMain's programs and waits until it is ready.
func started(t *testing.T, name string, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(pipe)
	if line := next(t, out); line != "ready\n" {
		t.Fatalf("got %q", line)
	}
	return cmd, out
}

func next(t *testing.T, out *bufio.Reader) string {
	t.Helper()
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func signalled(t *testing.T, cmd *exec.Cmd, sig os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}
