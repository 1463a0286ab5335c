package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// What a forgery names: resources of somebody who does not use gen3-bootstrap, and those of another owner of it.
const (
	victims      = "prod" // namespace
	victimName   = "prod-deployer"
	victimSecret = "db"
	otherName    = "other-reader"
	otherOwner   = "00000000-1111-4222-8333-444444444444/gen3"
	otherIssuer  = "https://oidc.eks.us-east-1.amazonaws.com/id/00000000000000000000000000000000"
	readSecrets  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`
)

// seedVictims fills the account with a user, a policy, a role and a provider of each of the two.
func (w *world) seedVictims(t *testing.T) {
	t.Helper()
	ours := map[string]string{"managed-by": "gen3-bootstrap", "gen3-bootstrap/owner/" + otherOwner: otherIssuer}
	for name, tags := range map[string]map[string]string{victimName: nil, otherName: ours} {
		user, err := w.aws.AddUser(name, tags)
		check(t, "add user", err)
		policy, err := w.aws.AddPolicy(name, readSecrets, tags)
		check(t, "add policy", err)
		check(t, "attach policy", w.aws.Attach(user, policy))
		key, err := w.aws.AddKey(name)
		check(t, "add key", err)
		issuer := otherIssuer
		if tags == nil {
			issuer = strings.Replace(otherIssuer, "0", "F", 1)
		} else {
			w.tagUser(t, name, "gen3-bootstrap/key/"+key, otherOwner)
		}
		provider, err := w.aws.AddOIDCProvider(issuer, []string{"sts.amazonaws.com"}, tags)
		check(t, "add provider", err)
		host := strings.TrimPrefix(issuer, "https://")
		role, err := w.aws.AddRole(name, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":%q},
			"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{%q:"sts.amazonaws.com",%q:"system:serviceaccount:%s:secret-store-sa"}}}]}`,
			provider, host+":aud", host+":sub", w.namespace), tags)
		check(t, "add role", err)
		check(t, "attach policy", w.aws.Attach(role, policy))
	}
}

// newWorldIn is newWorldOn in a namespace of a given name.
func newWorldIn(t *testing.T, sb *sandbox, account *awsfake.Server, namespace string) *world {
	t.Helper()
	w := newWorldOn(t, sb, account)
	w.namespace, w.settings.Namespace = namespace, namespace
	_, err := w.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	check(t, "create namespace", err)
	return w
}

func (w *world) iamClient(t *testing.T) *iam.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(w.aws.URL()),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, "")))
	check(t, "load AWS configuration", err)
	return iam.NewFromConfig(cfg)
}

func (w *world) tagUser(t *testing.T, user, key, value string) {
	t.Helper()
	_, err := w.iamClient(t).TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String(user), Tags: []types.Tag{{Key: aws.String(key), Value: aws.String(value)}}})
	check(t, "tag user", err)
}

// makeVictims makes a namespace of somebody else's, in which a Secret carries our label, and a ClusterRole.
func makeVictims(t *testing.T, sb *sandbox) {
	t.Helper()
	client, err := kubernetes.NewForConfig(loadConfig(t, sb.Kubeconfig))
	check(t, "connect", err)
	poll(t, "namespace "+victims, func() bool { // an earlier one may still be going
		_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: victims}}, metav1.CreateOptions{})
		there, getErr := client.CoreV1().Namespaces().Get(t.Context(), victims, metav1.GetOptions{})
		return getErr == nil && there.DeletionTimestamp == nil
	})
	_, err = client.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: victims}}, metav1.CreateOptions{})
	ignoreExisting(t, "create ClusterRole", err)
	labels := map[string]string{"app": "web"}
	_, err = client.AppsV1().Deployments(victims).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "nginx"}}},
			},
		},
	}, metav1.CreateOptions{})
	ignoreExisting(t, "create Deployment", err)
	_, err = client.CoreV1().Secrets(victims).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: victimSecret, Labels: mark()}, Data: map[string][]byte{"a": []byte("b")},
	}, metav1.CreateOptions{})
	ignoreExisting(t, "create Secret", err)
}

// outside is every object beside those of the namespaces that are mine: what tells it from another of its name, and what
// changes when somebody writes it. What the control plane writes for itself is not in it.
func outside(t *testing.T, sb *sandbox, mine func(namespace string) bool) map[string]string {
	t.Helper()
	cfg := loadConfig(t, sb.Kubeconfig)
	disco, err := discovery.NewDiscoveryClientForConfig(cfg)
	check(t, "connect", err)
	client, err := metadata.NewForConfig(cfg)
	check(t, "connect", err)
	lists, err := disco.ServerPreferredResources()
	check(t, "list resources", err)
	resources, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists))
	check(t, "read resources", err)
	out := map[string]string{}
	for gvr := range resources {
		if slices.Contains([]string{"events", "apiservices", "endpoints", "endpointslices"}, gvr.Resource) {
			continue
		}
		list, err := client.Resource(gvr).List(t.Context(), metav1.ListOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue // its CRD went meanwhile
		}
		check(t, "list "+gvr.Resource, err)
		for _, o := range list.Items {
			own := mine(o.Namespace) || gvr.Resource == "namespaces" && mine(o.Name)
			lock := gvr.Resource == "leases" && o.Namespace != victims && o.Namespace != platform
			if own || lock {
				continue
			}
			out[fmt.Sprintf("%s %s/%s", gvr.GroupResource(), o.Namespace, o.Name)] = state(o)
		}
	}
	return out
}

// state leaves out the resourceVersion where a generation tells that the object is another, since statuses come and go.
func state(o metav1.PartialObjectMetadata) string {
	version := strconv.FormatInt(o.Generation, 10)
	if o.Generation == 0 {
		version = o.ResourceVersion
	}
	return fmt.Sprintf("%s version %s labels %v annotations %v finalizers %v deleted %v", o.UID, version, o.Labels, o.Annotations, o.Finalizers, o.DeletionTimestamp != nil)
}

// settled waits until the controllers have nothing more to do.
func settled(t *testing.T, sb *sandbox, mine func(namespace string) bool) {
	t.Helper()
	before := outside(t, sb, mine)
	poll(t, "a cluster at rest", func() bool {
		now := outside(t, sb, mine)
		same := maps.Equal(before, now)
		before = now
		return same
	})
}
