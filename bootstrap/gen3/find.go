package gen3

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"github.com/uc-cdis/gen3-bootstrap/helminstall/stored"
	"github.com/uc-cdis/gen3-bootstrap/internal/storedrelease"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// gen3Chart is the name of the umbrella chart, however its release is called.
const gen3Chart = "gen3"

// Release is a release of the gen3 chart, as far as its use of External Secrets goes.
type Release struct {
	Name    string
	Version string   // of the chart; "" where the release names none that is a version
	APIs    []string // API versions of its ExternalSecrets and SecretStores, such as v1beta1; none when it has no such objects

	LocalSecret bool // its values switch global.aws.useLocalSecret on
	Crossplane  bool // and global.crossplane

	ClusterStore string   // the ClusterSecretStore that its values name in the place of its own SecretStore; "" for none
	Pushes       []string // what makes PushSecrets of it: values, or the objects themselves
}

// Whoever may write Secrets in the namespace can fill it: what is looked at has limits, so that it costs a few seconds.
const (
	gen3Page     = 30
	gen3Pages    = 10
	gen3Unpacked = 256 << 20
)

// Find looks for the gen3 release of a namespace, in its deployed revision or else, where none came that far, in its
// newest; nil when there is none that Helm installed, or when its Secrets may not be listed. The warnings say what was
// passed over.
func Find(ctx context.Context, client kubernetes.Interface, namespace string) (*Release, []string, error) {
	best, warnings, err := Stored(ctx, client, namespace)
	if best == nil {
		return nil, warnings, err
	}
	found, text := useOf(best)
	if text != "" {
		warnings = append(warnings, text)
	}
	return found, warnings, nil
}

// Stored is Find for what is stored of the release itself. Whoever may write Secrets in the namespace may have forged it.
func Stored(ctx context.Context, client kubernetes.Interface, namespace string) (*stored.Record, []string, error) {
	search := gen3Search{namespace: namespace}
	options := metav1.ListOptions{
		// Helm's labels do not name the chart, so each release of the namespace has to be read.
		LabelSelector: "owner=helm,status in (deployed,failed,pending-install,pending-upgrade,pending-rollback)", Limit: gen3Page,
	}
	for page := range gen3Pages {
		list, err := client.CoreV1().Secrets(namespace).List(ctx, options)
		if apierrors.IsForbidden(err) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("look for the gen3 release in namespace %s: %w", namespace, err)
		}
		search.in(list.Items)
		options.Continue = list.Continue
		if list.Continue == "" || search.ended || search.deployed() {
			break
		}
		if page == gen3Pages-1 {
			search.warn("namespace %s has more than %d Secrets of Helm releases: the rest were not searched for the gen3 release", namespace, gen3Page*gen3Pages)
		}
	}
	return search.best, search.warnings, nil
}

// gen3Search goes through the Secrets of a namespace.
type gen3Search struct {
	namespace string
	best      *stored.Record
	unpacked  int
	ended     bool // the limit is reached
	warnings  []string
}

func (g *gen3Search) warn(format string, args ...any) {
	g.warnings = append(g.warnings, fmt.Sprintf(format, args...))
}

func (g *gen3Search) deployed() bool { return g.best != nil && inUse(g.best.Labels) }

// in looks at deployed revisions first, and else at the newest; one of these that is found ends it.
func (g *gen3Search) in(page []corev1.Secret) {
	slices.SortFunc(page, func(a, b corev1.Secret) int {
		switch {
		case inUse(a.Labels) == inUse(b.Labels):
			return stored.Revision(&b) - stored.Revision(&a)
		case inUse(a.Labels):
			return -1
		}
		return 1
	})
	for i := range page {
		if s := &page[i]; s.Type == storedrelease.SecretType && !g.ended && !g.deployed() && (g.best == nil || g.before(s)) {
			g.look(s)
		}
	}
}

// before reports whether a Secret of a later page comes before what was found.
func (g *gen3Search) before(s *corev1.Secret) bool {
	return inUse(s.Labels) || stored.Revision(s) > g.best.Revision
}

// look passes over what it cannot decode: it is some other release. One that is too large is
// told, as it may be the one that was looked for.
func (g *gen3Search) look(secret *corev1.Secret) {
	data, err := storedrelease.Unpack(secret.Data[storedrelease.Entry])
	g.unpacked += len(data)
	if errors.Is(err, storedrelease.ErrTooLarge) {
		g.unpacked += storedrelease.Limit
		g.warn("Secret %s/%s was not searched for the gen3 release: it %v", g.namespace, secret.Name, err)
	}
	if g.unpacked > gen3Unpacked {
		g.ended = true
		g.warn("the Helm releases of namespace %s unpack to more than %d MiB together: the rest were not searched for the gen3 release", g.namespace, gen3Unpacked>>20)
	}
	if err != nil {
		return
	}
	r, err := stored.ParseRecord(data)
	if err != nil || r.Chart.Metadata.Name != gen3Chart || chartutil.ValidateReleaseName(r.Name) != nil {
		return
	}
	r.Labels, r.Revision = secret.Labels, stored.Revision(secret)
	g.best = r
}

// inUse reports whether the labels are those of a deployed revision.
func inUse(labels map[string]string) bool {
	return labels["status"] == release.StatusDeployed.String()
}

// useOf is the release's use of External Secrets. A version that does not parse is left out, with a warning.
func useOf(r *stored.Record) (found *Release, warning string) {
	on := func(path ...string) bool {
		set, _, _ := unstructured.NestedBool(r.Config, path...) // of another type it is off
		return set
	}
	found = &Release{
		Name: r.Name, Version: r.Chart.Metadata.Version, APIs: externalAPIs(r.Manifest),
		LocalSecret: on("global", "aws", "useLocalSecret", "enabled"), Crossplane: on("global", "crossplane", "enabled"),
		Pushes: pushesOf(r),
	}
	found.ClusterStore, _, _ = unstructured.NestedString(r.Config, "global", "externalSecrets", "clusterSecretStoreRef")
	if _, err := semver.NewVersion(found.Version); err != nil {
		warning = fmt.Sprintf("release %s of the gen3 chart says that its version is %q, which is no version: it counts as unknown, unless --gen3-version says it", found.Name, words.Brief(found.Version))
		found.Version = ""
	}
	return found, warning
}

// externalAPIs are the versions in which a manifest has ExternalSecrets and SecretStores.
func externalAPIs(manifest string) []string {
	version := regexp.MustCompile(`(?m)^apiVersion: *["']?external-secrets\.io/(\w+)`)
	var out []string
	for _, doc := range stored.Documents(manifest) {
		if !stored.OfKind(doc, "ExternalSecret") && !stored.OfKind(doc, "SecretStore") {
			continue
		}
		if found := version.FindStringSubmatch(doc); found != nil {
			out = append(out, found[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
