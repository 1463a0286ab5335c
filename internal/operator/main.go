package main

import (
	"fmt"
	"io"
	"os"

	"github.com/external-secrets/external-secrets/cmd/controller"
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	go endWithStdin()
	if len(os.Args) < 2 || os.Args[1] != "webhook" {
		controller.Execute()
		return
	}
	if err := serveWebhook(ctrl.SetupSignalHandler(), os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "operator webhook: error:", err)
		os.Exit(1)
	}
}

// endWithStdin ends this process when nobody holds the other end of its stdin any more.
func endWithStdin() {
	_, _ = io.Copy(io.Discard, os.Stdin) // however it ends, nobody is there
	os.Exit(1)
}
