package charts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// The source of the External Secrets chart. The sum pins its content beyond
// what the checksum database says.
const (
	modulePath    = "github.com/external-secrets/external-secrets"
	moduleVersion = "v0.16.1"
	moduleSum     = "h1:irK7ePVBYI+6nNEN9kAtP7CYPMr6EKqwK3uo3FB4w1M="
)

// downloadModule returns the directory of the module in the module cache.
// It is fetched as a download, not required by go.mod, because only its YAML
// is used and its requirements would change the versions of ours.
func downloadModule(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", modulePath+"@"+moduleVersion)
	cmd.Dir = os.TempDir() // outside any module
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	var module struct{ Dir, Sum, Error string }
	if jsonErr := json.Unmarshal(out, &module); jsonErr != nil {
		return "", fmt.Errorf("download module %s: %w", modulePath, errors.Join(err, jsonErr))
	}
	if module.Error != "" {
		return "", fmt.Errorf("download module %s: %s", modulePath, module.Error)
	}
	if module.Sum != moduleSum {
		return "", fmt.Errorf("download module %s: sum is %s, want %s", modulePath, module.Sum, moduleSum)
	}
	return module.Dir, nil
}
