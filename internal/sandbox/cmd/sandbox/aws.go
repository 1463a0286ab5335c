package main

import (
	"context"
	"fmt"

	"k8s.io/client-go/kubernetes"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
)

// What the fake of AWS is announced with.
const (
	awsAccount = "123456789012"
	awsRegion  = "us-east-1"
)

// newAWS is an account in which only the administrator exists.
func newAWS() *awsfake.Server { return awsfake.New(awsfake.WithAccount(awsAccount)) }

// publishKeys lets the fake check the tokens of the sandbox's API server, as AWS does with the keys that it fetches
// from the issuer.
func publishKeys(ctx context.Context, aws *awsfake.Server, sb *sandbox.Sandbox) error {
	client, err := kubernetes.NewForConfig(sb.Config)
	if err != nil {
		return fmt.Errorf("connect to sandbox: %w", err)
	}
	jwks, err := client.Discovery().RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("get keys of issuer %s: %w", sb.Issuer, err)
	}
	if err := aws.SetJWKS(sb.Issuer, jwks); err != nil {
		return fmt.Errorf("set keys of issuer %s: %w", sb.Issuer, err)
	}
	return nil
}
