package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// gen3Objects are a part of what the gen3 chart makes.
func gen3Objects() []string {
	return []string{`apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: gen3-secret-store, namespace: gen3}
spec:
  provider:
    aws:
      service: SecretsManager
      region: us-east-1
      auth:
        secretRef:
          accessKeyIDSecretRef: {name: gen3-aws-config, key: access-key}
          secretAccessKeySecretRef: {name: gen3-aws-config, key: secret-access-key}
`, `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: fence-dbcreds, namespace: gen3}
spec:
  refreshInterval: 5s
  secretStoreRef: {name: gen3-secret-store, kind: SecretStore}
  target: {name: fence-dbcreds}
  dataFrom: [{extract: {key: demo-fence-creds}}]
`}
}

// synced is what a demonstration made for the operator to work on.
type synced struct {
	client dynamic.Interface // nil without an operator
	stdout io.Writer
}

// sync puts a secret into Secrets Manager and has the operator read it, if one runs.
func (d demonstration) sync(ctx context.Context) (synced, error) {
	if d.sandbox.Operator == "" {
		return synced{}, nil
	}
	s := synced{stdout: d.stdout}
	fmt.Fprintln(d.stdout, "\n# the operator at work: a secret in Secrets Manager, and what the gen3 chart makes to read it")
	if err := d.putSecret(ctx); err != nil {
		return s, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", d.sandbox.Kubeconfig)
	if err != nil {
		return s, fmt.Errorf("load kubeconfig: %w", err)
	}
	if s.client, err = dynamic.NewForConfig(config); err != nil {
		return s, fmt.Errorf("connect to sandbox: %w", err)
	}
	return s, s.create(ctx)
}

func (d demonstration) putSecret(ctx context.Context) error {
	_, err := secretsmanager.New(secretsmanager.Options{
		Region: d.sandbox.Region, BaseEndpoint: aws.String(d.sandbox.AWSEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider(d.sandbox.AccessKeyID, d.sandbox.SecretAccessKey, ""),
	}).CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name:         aws.String("demo-fence-creds"),
		SecretString: aws.String(`{"host":"db.example","port":"5432","database":"fence","username":"fence","password":"none","dbcreated":"true"}`),
	})
	if err != nil {
		return fmt.Errorf("put secret demo-fence-creds: %w", err)
	}
	return nil
}

func (s synced) create(ctx context.Context) error {
	for _, text := range gen3Objects() {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
			return fmt.Errorf("parse object: %w", err)
		}
		fmt.Fprint(s.stdout, "---\n", text)
		if _, err := s.of(object).Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return s.wait(ctx)
}

func (s synced) of(o *unstructured.Unstructured) dynamic.ResourceInterface {
	gvk := o.GroupVersionKind()
	resource := schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: strings.ToLower(gvk.Kind) + "s"}
	return s.client.Resource(resource).Namespace("gen3")
}

// wait returns when the ExternalSecret is synced and the Secret has what Secrets Manager has.
func (s synced) wait(ctx context.Context) error {
	external := s.client.Resource(schema.GroupVersionResource{Group: "external-secrets.io", Version: "v1", Resource: "externalsecrets"}).Namespace("gen3")
	secrets := s.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace("gen3")
	start := time.Now()
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		object, err := external.Get(ctx, "fence-dbcreds", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		last = notSynced(object)
		return last == nil, nil
	})
	if err != nil {
		return errors.Join(fmt.Errorf("wait for ExternalSecret gen3/fence-dbcreds: %w", err), last)
	}
	secret, err := secrets.Get(ctx, "fence-dbcreds", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("get Secret gen3/fence-dbcreds: %w", err)
	}
	data, _, err := unstructured.NestedMap(secret.Object, "data")
	if err != nil {
		return fmt.Errorf("read Secret gen3/fence-dbcreds: %w", err)
	}
	keys := make([]string, 0, len(data))
	for key := range data {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	fmt.Fprintf(s.stdout, "ExternalSecret gen3/fence-dbcreds: SecretSynced after %v; Secret gen3/fence-dbcreds has %s\n",
		time.Since(start).Round(100*time.Millisecond), strings.Join(keys, ", "))
	return nil
}

// notSynced is why an ExternalSecret is not synced, or nil.
func notSynced(object *unstructured.Unstructured) error {
	conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	if err != nil {
		return fmt.Errorf("read conditions: %w", err)
	}
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" {
			if c["reason"] == "SecretSynced" {
				return nil
			}
			return fmt.Errorf("it is %v: %v", c["reason"], c["message"])
		}
	}
	return errors.New("the operator has not looked at it yet")
}

// remove takes the objects away again, as an uninstall of the gen3 chart does: teardown leaves nobody without a store.
func (s synced) remove(ctx context.Context) error {
	if s.client == nil {
		return nil
	}
	fmt.Fprintln(s.stdout, "\n# the gen3 chart's objects go first, as with its uninstall: teardown refuses while they are there")
	objects := gen3Objects()
	slices.Reverse(objects)
	for _, text := range objects {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
			return fmt.Errorf("parse object: %w", err)
		}
		if err := s.of(object).Delete(ctx, object.GetName(), metav1.DeleteOptions{}); err != nil {
			return fmt.Errorf("delete %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		fmt.Fprintf(s.stdout, "deleted %s gen3/%s\n", object.GetKind(), object.GetName())
	}
	return nil
}
