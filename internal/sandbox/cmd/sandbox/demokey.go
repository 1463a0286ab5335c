package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// proveKey asks AWS who the key is that the Secrets hold.
func (d demonstration) proveKey(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", d.sandbox.Kubeconfig)
	if err != nil {
		return fmt.Errorf("load kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to sandbox: %w", err)
	}
	fmt.Fprintln(d.stdout, "\n# who AWS takes the keys in the Secrets for")
	for _, name := range []string{"external-secrets-user-secret", "gen3-aws-config"} {
		secret, err := client.CoreV1().Secrets("gen3").Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("get Secret gen3/%s: %w", name, err)
		}
		who, err := d.identify(ctx, string(secret.Data["access-key"]), string(secret.Data["secret-access-key"]))
		if err != nil {
			return fmt.Errorf("ask AWS about the key in Secret gen3/%s: %w", name, err)
		}
		fmt.Fprintf(d.stdout, "Secret gen3/%s: %s\n", name, who)
	}
	return nil
}

func (d demonstration) identify(ctx context.Context, id, half string) (string, error) {
	out, err := sts.New(sts.Options{
		Region: d.sandbox.Region, BaseEndpoint: aws.String(d.sandbox.AWSEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider(id, half, ""),
	}).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err // the caller says what it was about
	}
	return aws.ToString(out.Arn), nil
}
