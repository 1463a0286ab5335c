package helminstall

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/chartsource"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/sdk"
	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/owner"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/rawget"
)

const crdPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// watchedCRDs are the two that stand for the operator's API: whoever has these has an operator, or the rest of one.
func watchedCRDs() []string {
	return []string{"externalsecrets.external-secrets.io", "secretstores.external-secrets.io"}
}

// CRD is what matters of a custom resource definition of External Secrets.
type CRD struct {
	Name        string
	Served      []string // API versions that the server answers for
	Stored      []string // API versions in which objects may lie in etcd
	Owner       owner.Owner
	Kept        bool // carries the keep annotation
	Terminating bool
	Converts    bool // a webhook converts its objects between versions
}

// rawCRD leaves out the schemas, which are most of a definition's few hundred kilobytes.
type rawCRD struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
		} `json:"versions"`
		Conversion struct {
			Strategy string `json:"strategy"`
		} `json:"conversion"`
	} `json:"spec"`
	Status struct {
		StoredVersions []string `json:"storedVersions"`
	} `json:"status"`
}

func (s *Step) readCRD(ctx context.Context, name string) (*CRD, error) {
	body, err := s.get(ctx, crdPath+"/"+name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get CRD %s: %w", name, err)
	}
	var raw rawCRD
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, fmt.Errorf("get CRD %s: %w", name, err)
	}
	return raw.crd(), nil
}

func (r rawCRD) crd() *CRD {
	c := &CRD{
		Name: r.Metadata.Name, Stored: r.Status.StoredVersions, Owner: owner.Of(r.Metadata),
		Kept: r.Metadata.Annotations[kube.ResourcePolicyAnno] == kube.KeepPolicy, Terminating: r.Metadata.DeletionTimestamp != nil,
		Converts: r.Spec.Conversion.Strategy == "Webhook",
	}
	for _, v := range r.Spec.Versions {
		if v.Served {
			c.Served = append(c.Served, v.Name)
		}
	}
	slices.Sort(c.Served)
	return c
}

// get reads one path of the API server.
func (s *Step) get(ctx context.Context, path string) ([]byte, error) {
	if s.rawGet != nil {
		return s.rawGet(ctx, path)
	}
	return rawget.Do(ctx, s.Client.Discovery().RESTClient().Get().AbsPath(path))
}

// checkStoredVersions looks at the CRDs of a new chart beforehand: the API server refuses one that no longer lists a version
// in which objects may still lie in etcd, and it would do so in mid-upgrade.
func (s *Step) checkStoredVersions(docs []string) error {
	if !s.verdict.NewChart || len(s.seen.CRDs) == 0 {
		return nil
	}
	made := map[string][]string{}
	for _, doc := range docs {
		if name, versions := stored.CRDVersions(doc); name != "" {
			made[name] = versions
		}
	}
	for _, crd := range s.seen.CRDs {
		if err := storedVersionsServed(crd.Name, crd.Stored, made[crd.Name]); err != nil {
			return err
		}
	}
	return nil
}

// storedVersionsServed is nil for a CRD that the chart leaves alone.
func storedVersionsServed(crd string, stored, have []string) error {
	for _, version := range stored {
		if len(have) > 0 && !slices.Contains(have, version) {
			return hint.Refuse(fmt.Errorf("upgrade CRD %s: objects may be stored as %s, which the new chart (%s) does not know",
				crd, version, strings.Join(have, ", ")),
				fmt.Sprintf("choose a --chart-version that knows %s (%s knows v1beta1 and v1); or rewrite every object once "+
					"and take %s out of status.storedVersions of the CRD", version, chartsource.DefaultVersion, version))
		}
	}
	return nil
}

// tryCRDs asks whose those are that exist, and tries the smallest one that does not: whoever refuses CRDs refuses each of them,
// and two dozen large ones would take the API server as long as the rest of the run.
func (s *Step) tryCRDs(ctx context.Context, client dynamic.Interface, crds []trial) ([]plan.Change, error) {
	if len(crds) == 0 || crds[0].unknown != nil {
		return nil, nil
	}
	names, err := metadata.NewForConfig(s.Config)
	if err != nil {
		return nil, err
	}
	standing := map[string]*metav1.PartialObjectMetadata{}
	smallest := slices.MinFunc(crds, func(a, b trial) int { return len(a.body) - len(b.body) })
	var refused plan.Change
	var group errgroup.Group
	group.Go(func() error {
		return pages.Each(ctx, func(ctx context.Context, o metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
			return names.Resource(crds[0].mapping.Resource).List(ctx, o)
		}, metav1.ListOptions{}, func(o *metav1.PartialObjectMetadata) { standing[o.Name] = o })
	})
	if s.verdict.Action == plan.Create {
		group.Go(func() error {
			_, err := client.Resource(smallest.mapping.Resource).Create(ctx, smallest.Unstructured, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: sdk.FieldManager})
			if apierrors.IsAlreadyExists(err) {
				return nil
			}
			var tryErr error
			refused, tryErr = s.judge(ctx, smallest, nil, "create", err)
			return tryErr
		})
	}
	err = group.Wait()
	if apierrors.IsForbidden(err) { // the two that matter most were read by name
		return []plan.Change{refused}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("try the CRDs: %w", err)
	}
	out := []plan.Change{refused}
	for _, t := range crds {
		if live := standing[t.GetName()]; live != nil {
			out = append(out, s.judgeOwner(ctx, t, live.ObjectMeta))
		}
	}
	return out, nil
}
