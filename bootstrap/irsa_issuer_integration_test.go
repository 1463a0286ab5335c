package bootstrap_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

func testTwoClusters(t *testing.T, c *cluster) {
	t.Helper()
	second := startCluster(t)
	srv := awsfake.Start(t)
	var roles []string
	for i, on := range []*cluster{c, second} {
		s := irsaStage(t, on, srv, "twins")
		if i == 1 {
			s.settings.OIDCIssuer = otherIssuer
		}
		roles = append(roles, s.up(t).Outputs.RoleARN)
		shared := irsaStage(t, on, srv, "twins")
		shared.settings.OIDCIssuer, shared.settings.RoleName = s.settings.OIDCIssuer, "one-for-both"
		shared.up(t)
		shared.mustBeConverged(t)
		if got := shared.trust(t, "one-for-both", ""); strings.Count(got, "system:serviceaccount:twins:"+chartSA) != i+1 {
			t.Errorf("cluster %d: %s", i, got)
		}
	}
	if roles[0] == roles[1] {
		t.Errorf("two clusters got one role: %s", roles[0])
	}
}

func testIssuerChanges(t *testing.T, c *cluster) {
	t.Helper()
	s := irsaStage(t, c, awsfake.Start(t), "rebuilt")
	role := s.up(t).Outputs.RoleARN
	name := role[strings.LastIndex(role, "/")+1:]
	id := s.aws.Snapshot()["role/"+name]
	s.settings.OIDCIssuer = otherIssuer
	planned, err := bootstrap.Plan(t.Context(), named(s.settings), s.env())
	kubetest.Must(t, err)
	if text := show(planned); !strings.Contains(text, "still lets in system:serviceaccount:rebuilt:"+chartSA+" of issuer "+c.Issuer) {
		t.Errorf("the plan does not say what drifted:\n%s", text)
	}
	if again := s.up(t).Outputs.RoleARN; again != role || s.aws.Snapshot()["role/"+name] != id {
		t.Errorf("the role was made again: %s", again)
	}
	if now := s.trust(t, name, ""); strings.Contains(now, strings.TrimPrefix(c.Issuer, "https://")) || !strings.Contains(now, strings.TrimPrefix(otherIssuer, "https://")) {
		t.Errorf("trust policy %s", now)
	}
	s.mustBeConverged(t)
}

// named fills in what the flags would default to.
func named(s bootstrap.Settings) bootstrap.Settings {
	s.PolicyName, s.UserName, s.IAMPath = bootstrap.DefaultPolicyName, bootstrap.DefaultUserName, bootstrap.DefaultIAMPath
	s.GlobalUserSecret, s.ServiceAccount = bootstrap.DefaultGlobalUserSecret, bootstrap.DefaultServiceAccount
	s.Helm.Release, s.Helm.Namespace = bootstrap.DefaultRelease, bootstrap.DefaultReleaseNamespace
	return s
}

func testIssuerForbidden(t *testing.T, c *cluster) {
	t.Helper()
	s := irsaStage(t, c, awsfake.Start(t), "forbidden")
	proxy := kubeproxy.Start(t, c.config)
	proxy.Fault(kubeproxy.Fault{Verb: "raw", Kind: kubeproxy.Forbidden})
	s.settings.Kubeconfig = proxy.Kubeconfig(t, "forbidden")
	result, err := bootstrap.Plan(t.Context(), named(s.settings), s.env())
	if err == nil || !strings.Contains(show(result), "--oidc-issuer") || !strings.Contains(show(result), "aws eks describe-cluster") {
		t.Errorf("got %v\n%s", err, show(result))
	}
	s.settings.OIDCIssuer = c.Issuer
	s.up(t)
}

func testOtherRole(t *testing.T, c *cluster) {
	t.Helper()
	s := irsaStage(t, c, awsfake.Start(t), "annotated")
	role := s.up(t).Outputs.RoleARN
	annotate := func(arn string) {
		_ = c.kube.CoreV1().ServiceAccounts("annotated").Delete(t.Context(), chartSA, metav1.DeleteOptions{})
		_, err := c.kube.CoreV1().ServiceAccounts("annotated").Create(t.Context(), &corev1.ServiceAccount{
			ObjectMeta: metav1.ObjectMeta{Name: chartSA, Annotations: map[string]string{kube.RoleAnnotation: arn}},
		}, metav1.CreateOptions{})
		kubetest.Must(t, err)
	}
	annotate("arn:aws:iam::" + account + ":role/another")
	if warnings := bootstrap.Messages(s.up(t).Warnings); len(warnings) != 1 || !strings.Contains(warnings[0], "role/another") || !strings.Contains(warnings[0], role) {
		t.Errorf("warnings %q", warnings)
	}
	annotate(role)
	if warnings := bootstrap.Messages(s.up(t).Warnings); len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
}

func testModeChanges(t *testing.T, c *cluster) {
	t.Helper()
	s := irsaStage(t, c, awsfake.Start(t), "moved")
	s.settings.IRSA = false
	s.up(t)
	s.settings.IRSA = true
	s.up(t)
	warnings := bootstrap.Messages(s.mustBeConverged(t).Warnings)
	if !slices.ContainsFunc(warnings, func(w string) bool {
		return strings.Contains(w, bootstrap.DefaultUserName) && strings.Contains(w, "teardown --only access-key --only iam-user")
	}) {
		t.Errorf("warnings %q", warnings)
	}
	if len(s.aws.Keys(bootstrap.DefaultUserName)) != 1 {
		t.Error("the key of the earlier mode is gone")
	}
	s.settings.IRSA = false
	s.up(t)
	if warnings := bootstrap.Messages(s.mustBeConverged(t).Warnings); len(warnings) != 1 || !strings.Contains(warnings[0], "teardown --only irsa-role") {
		t.Errorf("warnings %q", warnings)
	}
}
