package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/rawget"
)

// issuerPath is where an API server says who issues its tokens (OpenID Connect Discovery 1.0).
const issuerPath = "/.well-known/openid-configuration"

const issuerHint = "give the issuer with --oidc-issuer; `aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer` tells it"

// Issuer returns the issuer in the tokens of the cluster's ServiceAccounts, as the API server says it. That is open to
// ServiceAccounts, and to others only where somebody let them in; the error then names the flag that does without.
func (c *Client) Issuer(ctx context.Context) (string, error) {
	body, err := rawget.Do(ctx, c.Discovery().RESTClient().Get().AbsPath(issuerPath))
	if err != nil {
		what := fmt.Sprintf("read the token issuer of cluster %s (context %s) from %s", c.Server, c.Context, issuerPath)
		switch {
		case apierrors.IsForbidden(err): // with no more text than "unknown"
			return "", hint.With(fmt.Errorf("%s: the caller may not: %w", what, err), issuerHint)
		case apierrors.IsNotFound(err):
			return "", hint.With(fmt.Errorf("%s: %w", what, err), issuerHint)
		default:
			return "", fmt.Errorf("%s: %w", what, err)
		}
	}
	var document struct {
		Issuer string `json:"issuer"`
	}
	if err = json.Unmarshal(body, &document); err == nil && document.Issuer == "" {
		err = errors.New("it names none")
	}
	if err != nil {
		return "", hint.With(fmt.Errorf("read the token issuer of cluster %s (context %s) from %s: %w", c.Server, c.Context, issuerPath, err), issuerHint)
	}
	return document.Issuer, nil
}
