package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	pollInterval = 20 * time.Millisecond
	startTimeout = 2 * time.Minute
)

// waitForAPI returns when the API server is ready, or with its error when it
// ended instead.
func waitForAPI(ctx context.Context, config *rest.Config, api *apiServer) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	return poll(ctx, "wait for kube-apiserver", func(ctx context.Context) error {
		select {
		case <-api.done:
			return &endedError{api.err}
		default:
			return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		}
	})
}

// waitForControllers returns when the namespaces that every cluster has are
// there with what the controllers put into them, so that a test finds no
// cluster in the making.
func waitForControllers(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	core := client.CoreV1()
	return poll(ctx, "wait for controllers", func(ctx context.Context) error {
		for _, namespace := range []string{metav1.NamespaceDefault, metav1.NamespaceSystem} {
			if _, err := core.ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{}); err != nil {
				return err
			}
			if _, err := core.ConfigMaps(namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
}

// endedError ends a poll: what it waits for can no longer come.
type endedError struct{ cause error }

func (e *endedError) Error() string { return fmt.Sprintf("kube-apiserver ended: %v", e.cause) }

func (e *endedError) Unwrap() error { return e.cause }

// poll calls check until it succeeds, and says what was wrong last.
func poll(ctx context.Context, what string, check func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, startTimeout, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		if ended, ok := errors.AsType[*endedError](last); ok {
			return false, ended
		}
		return last == nil, nil
	})
	if err != nil && last != nil {
		return fmt.Errorf("%s: %w", what, last)
	}
	return err
}
