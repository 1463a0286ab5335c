package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"strings"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

const (
	kubeconfigHint = "give --kubeconfig or set KUBECONFIG; `aws eks update-kubeconfig --name CLUSTER` writes one for an EKS cluster"
	rewriteHint    = "`aws eks update-kubeconfig --name CLUSTER` writes it anew for an EKS cluster"
)

// unreadable: a file that is named is not there, may not be read, or is no kubeconfig.
func unreadable(err error) error {
	text := redact.Words(printable.Line(err.Error()))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(fmt.Errorf("load kubeconfig: %s", text), kubeconfigHint)
	case errors.Is(err, fs.ErrPermission):
		return hint.With(fmt.Errorf("load kubeconfig: %s", text), "make it readable for this user, or give another one with --kubeconfig")
	}
	return hint.With(fmt.Errorf("load kubeconfig: it is not one: %s", text), rewriteHint, "`kubectl config view` reads it too")
}

// checkContext says what a kubeconfig lacks to be of use.
func checkContext(raw api.Config, name string, files []string) error {
	where := strings.Join(files, ", ")
	if name == "" && len(raw.Contexts) == 0 {
		return hint.With(fmt.Errorf("load kubeconfig: there is none, or it is empty: looked at %s, and this is no pod with a ServiceAccount", where), kubeconfigHint)
	}
	if name == "" {
		return hint.With(fmt.Errorf("load kubeconfig: no current context in %s", where), "`kubectl config use-context NAME` sets one, --context names one: "+words.Few(slices.Sorted(maps.Keys(raw.Contexts))))
	}
	if _, ok := raw.Contexts[name]; !ok {
		return hint.With(fmt.Errorf("load kubeconfig: context %q is not in %s", name, where), "`kubectl config get-contexts` lists those that are")
	}
	return nil
}

// unusable: the kubeconfig was read, and its context does not lead to a cluster.
func unusable(err error, name string) error {
	var texts []string
	all := []error{err}
	if many, ok := errors.AsType[utilerrors.Aggregate](err); ok {
		all = many.Errors()
	}
	for _, e := range all {
		texts = words.AddOnce(texts, redact.Words(printable.Line(e.Error())))
	}
	text := strings.Join(texts, "; ")
	cure := []string{rewriteHint}
	switch {
	case strings.Contains(text, "no Auth Provider found"), strings.Contains(text, "auth provider"):
		cure = []string{"ways to sign in that are built into clients have been taken out of Kubernetes since 1.26: " + rewriteHint, "for GKE and AKS see gke-gcloud-auth-plugin and kubelogin"}
	case strings.Contains(text, "unable to read client-"), strings.Contains(text, "unable to read certificate-authority"), errors.Is(err, fs.ErrNotExist):
		cure = []string{"a file that the kubeconfig names is gone: bring it back, or have the kubeconfig written anew: " + rewriteHint}
	}
	return hint.With(fmt.Errorf("load kubeconfig context %q: %s", name, text), cure...)
}

// notSignedIn says which command gave no credentials.
func notSignedIn(err error, name string) error {
	var version *pluginVersionError
	var plugin *pluginError
	switch {
	case errors.As(err, &version):
		return hint.With(fmt.Errorf("load kubeconfig context %q: %w", name, err), rewriteHint+" (with a current aws command)")
	case !errors.As(err, &plugin):
		return fmt.Errorf("sign in to context %q: %w", name, err)
	}
	cures := []string{"run it by hand: " + plugin.command}
	if errors.Is(plugin.err, exec.ErrNotFound) || errors.Is(plugin.err, fs.ErrNotExist) {
		cures = []string{"install it, or put it on PATH"}
		if strings.HasPrefix(plugin.command, "aws ") {
			cures = []string{"install the aws command: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"}
		}
		for line := range strings.Lines(plugin.installs) {
			cures = append(cures, printable.Line(line))
		}
	}
	return hint.With(fmt.Errorf("sign in to context %q: %w", name, err), cures...)
}
