package cli

import (
	"context"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/status"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func newConfigExport(p Process) command {
	in := newInputs()
	return command{
		name:    "config export",
		summary: "print the settings of the last up as YAML",
		about: "Reads the record in the namespace, and prints the settings that an up goes on by, under the names of the flags. What is the\n" +
			"default is left out. Asks no AWS, and writes nothing.",
		example: []string{"gen3-bootstrap config export -n gen3 > gen3-bootstrap.yaml"},
		groups:  in.offlineGroups(),
		run: func(ctx context.Context) error {
			s := newSession(p, in, "config export", report.Done)
			shown := s.progress()
			result, err := status.Export(ctx, s.settings, s.env(shown))
			shown.Close()
			return s.show(result, func(w io.Writer, _ report.Page) error {
				text, err := yaml.Marshal(result.Settings)
				if err != nil {
					return fmt.Errorf("encode the settings: %w", err)
				}
				_, err = fmt.Fprintf(w, "# Settings of the last up in this namespace, by gen3-bootstrap config export. The keys are the names of the flags.\n%s", text)
				return err
			}, result.Warnings, result.Errors, err)
		},
	}
}
