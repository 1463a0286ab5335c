package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
)

// commonsValues is what an operator says of a commons. The databases' credentials are Helm's at first, since a Job makes the databases with
// them.
const commonsValues = `global:
  dev: false
  hostname: commons.example.org
  postgres:
    dbCreate: true
    master: {host: db.example.org, username: postgres}
  externalSecrets: {deploy: true, createLocalK8sSecret: true}
hatchery: {enabled: false}
`

// switchValues hand the databases' credentials over to Secrets Manager.
const switchValues = `global:
  externalSecrets: {createLocalK8sSecret: false}
`

// commons is a gen3 deployment of the demonstration: a small chart with the constructs of Gen3's own.
type commons struct {
	demonstration

	dir     string
	release release
	objects dynamic.Interface
	client  kubernetes.Interface
}

// newCommons writes chart and values to a new directory, which the caller removes.
func (d demonstration) newCommons() (*commons, error) {
	dir, err := os.MkdirTemp("", "gen3-demo-")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	c := &commons{demonstration: d, dir: dir}
	return c, errors.Join(c.write(), c.connect())
}

func (c *commons) write() error {
	checkout, err := gen3test.Write(c.dir, gen3test.New)
	if err != nil {
		return fmt.Errorf("write chart: %w", err)
	}
	archive, err := gen3test.Archive(checkout, c.dir)
	if err != nil {
		return fmt.Errorf("pack chart: %w", err)
	}
	c.release = release{kubeconfig: c.sandbox.Kubeconfig, namespace: "gen3", name: "gen3", chart: archive}
	for name, text := range map[string]string{"values.yaml": commonsValues, "switch.yaml": switchValues} {
		if err := os.WriteFile(c.file(name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write values: %w", err)
		}
	}
	return nil
}

func (c *commons) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", c.sandbox.Kubeconfig)
	if err != nil {
		return fmt.Errorf("load kubeconfig: %w", err)
	}
	if c.objects, err = dynamic.NewForConfig(config); err == nil {
		c.client, err = kubernetes.NewForConfig(config)
	}
	if err != nil {
		return fmt.Errorf("connect to sandbox: %w", err)
	}
	return nil
}

func (c *commons) file(name string) string { return filepath.Join(c.dir, name) }

// about are the arguments that say which deployment a command is about.
func (c *commons) about(files ...string) []string {
	out := []string{"--gen3-chart", c.release.chart}
	for _, f := range files {
		out = append(out, "-f", c.file(f))
	}
	return out
}

// play takes the deployment from nothing to secrets that are all there.
func (c *commons) play(ctx context.Context) error {
	text, err := c.output(ctx, act{"what the gen3 chart needs to use what was made", c.with("values")})
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.file("external-secrets.yaml"), text, 0o600); err != nil {
		return fmt.Errorf("write values: %w", err)
	}
	before := c.about("values.yaml", "external-secrets.yaml")
	after := c.about("values.yaml", "external-secrets.yaml", "switch.yaml")
	if err := c.showAll(ctx, []act{
		{"what a gen3 deployment with these values reads from Secrets Manager", c.with("secrets list", after...)},
		{"none of it is there yet", c.with("secrets check", after...)},
		{"make what can be made safely", c.with("secrets generate", append(before, "--yes")...)},
	}); err != nil {
		return err
	}
	if err := c.install(ctx, "values.yaml", "external-secrets.yaml"); err != nil {
		return err
	}
	if err := c.createDatabases(ctx); err != nil {
		return err
	}
	if err := c.show(ctx, act{"the databases' credentials, from the cluster into Secrets Manager", c.with("secrets push", append(before, "--yes")...)}); err != nil {
		return err
	}
	if err := c.keep(ctx); err != nil {
		return err
	}
	if err := c.install(ctx, "values.yaml", "external-secrets.yaml", "switch.yaml"); err != nil {
		return err
	}
	if err := c.awaitSynced(ctx); err != nil {
		return err
	}
	return c.show(ctx, act{"and all is there, in the shape in which pods need it", c.with("secrets check", append(after, "--detailed-exitcode")...)})
}

func (c *commons) install(ctx context.Context, files ...string) error {
	var flags []string
	for _, f := range files {
		flags = append(flags, "-f "+f)
	}
	fmt.Fprintf(c.stdout, "\n# helm\n$ helm upgrade --install gen3 %s --namespace gen3 --no-hooks %s\n", filepath.Base(c.release.chart), strings.Join(flags, " "))
	var paths []string
	for _, f := range files {
		paths = append(paths, c.file(f))
	}
	return c.release.apply(ctx, paths...)
}

// databases are the names of the Secrets with the credentials of databases, told by the Jobs that make these.
func (c *commons) databases(ctx context.Context) ([]string, error) {
	jobs, err := c.client.BatchV1().Jobs("gen3").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list Jobs: %w", err)
	}
	var out []string
	for _, j := range jobs.Items {
		if chart, ok := strings.CutSuffix(j.Name, "-dbcreate"); ok {
			out = append(out, chart+"-dbcreds")
		}
	}
	return out, nil
}

// createDatabases notes what each dbCreate Job notes once it has made a database: nothing runs the Jobs here.
func (c *commons) createDatabases(ctx context.Context) error {
	names, err := c.databases(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, "the Jobs make the databases, and note that in "+strings.Join(names, ", "))
	return c.patch(ctx, names, map[string]any{"stringData": map[string]string{"dbcreated": "true\n"}})
}

// keep has Helm leave the Secrets when they are no longer its own.
func (c *commons) keep(ctx context.Context) error {
	names, err := c.databases(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, "\n# the steps that it named\n$ kubectl -n gen3 annotate secret "+strings.Join(names, " ")+" helm.sh/resource-policy=keep --overwrite")
	return c.patch(ctx, names, map[string]any{"metadata": map[string]any{"annotations": map[string]string{"helm.sh/resource-policy": "keep"}}})
}

func (c *commons) patch(ctx context.Context, secrets []string, patch map[string]any) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("write patch: %w", err)
	}
	for _, name := range secrets {
		if _, err := c.client.CoreV1().Secrets("gen3").Patch(ctx, name, types.MergePatchType, text, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("patch Secret gen3/%s: %w", name, err)
		}
	}
	return nil
}

func externalSecrets() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "external-secrets.io", Version: "v1", Resource: "externalsecrets"}
}

// awaitSynced returns when all ExternalSecrets are synced.
func (c *commons) awaitSynced(ctx context.Context) error {
	start := time.Now()
	var last error
	var names []string
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := c.objects.Resource(externalSecrets()).Namespace("gen3").List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		names, last = nil, nil
		for i := range list.Items {
			if err := notSynced(&list.Items[i]); err != nil {
				last = fmt.Errorf("ExternalSecret gen3/%s: %w", list.Items[i].GetName(), err)
			}
			names = append(names, list.Items[i].GetName())
		}
		return last == nil && len(names) > 0, nil
	})
	if err != nil {
		return errors.Join(fmt.Errorf("wait for the ExternalSecrets: %w", err), last)
	}
	slices.Sort(names)
	fmt.Fprintf(c.stdout, "SecretSynced, after %v: ExternalSecrets %s\n", time.Since(start).Round(100*time.Millisecond), strings.Join(names, ", "))
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

// remove uninstalls the deployment: teardown leaves nobody without a store.
func (c *commons) remove() error {
	fmt.Fprintln(c.stdout, "\n# the gen3 release goes first: teardown refuses while its objects are there\n$ helm uninstall gen3 --namespace gen3")
	return errors.Join(c.release.uninstall(), os.RemoveAll(c.dir))
}
