package bootstrap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
)

const (
	otherIssuer = "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLEOTHER00000000000000000000"
	chartSA     = bootstrap.DefaultServiceAccount
	tokenFor    = "sts.amazonaws.com"
)

// TestIRSA runs everything that needs tokens of a real API server in one sandbox.
func TestIRSA(t *testing.T) {
	c := startCluster(t)
	for _, test := range []struct {
		name string
		test func(*testing.T, *cluster)
	}{
		{"a token is worth the policy", testToken},
		{"namespaces share a role", testSharedRole},
		{"foreign statements survive", testForeignStatements},
		{"clusters with one namespace name", testTwoClusters},
		{"the issuer changes", testIssuerChanges},
		{"the issuer may not be read", testIssuerForbidden},
		{"the ServiceAccount names another role", testOtherRole},
		{"the mode changes", testModeChanges},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(t, c) })
	}
}

// irsaStage is a stage in IRSA mode, whose account can check the cluster's tokens.
func irsaStage(t *testing.T, c *cluster, account *awsfake.Server, namespace string) *stage {
	t.Helper()
	jwks, err := c.kube.Discovery().RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(t.Context())
	kubetest.Must(t, err)
	kubetest.Must(t, account.SetJWKS(c.Issuer, jwks))
	s := c.newStage(t, account, namespace)
	s.settings.IRSA, s.settings.CreateOIDCProvider, s.settings.SkipHelm = true, true, true
	return s
}

// token is what the operator asks the API server for on behalf of a store.
func (c *cluster) token(t *testing.T, namespace, account, audience string) string {
	t.Helper()
	_, err := c.kube.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{})
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		t.Fatal(err)
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}}}
	answer, err := c.kube.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), account, request, metav1.CreateOptions{})
	kubetest.Must(t, err)
	return answer.Status.Token
}

// read takes the role with a token and reads a secret as it; the error is the first refusal.
func read(ctx context.Context, srv *awsfake.Server, role, token, secret string) error {
	nobody := aws.CredentialsProvider(aws.AnonymousCredentials{})
	out, err := sts.New(sts.Options{BaseEndpoint: aws.String(srv.URL()), Region: region, Credentials: nobody}).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("external-secrets"), WebIdentityToken: &token,
	})
	if err != nil {
		return fmt.Errorf("assume: %w", err)
	}
	c := out.Credentials
	session := credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	_, err = secretsmanager.New(secretsmanager.Options{BaseEndpoint: aws.String(srv.URL()), Region: region, Credentials: session}).
		GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &secret})
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// wantRead compares the outcome of read with "", or "assume: <code>", or "read: <code>".
func wantRead(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		stage, _, _ := strings.Cut(err.Error(), ":")
		got = stage + ": " + api.ErrorCode()
	} else if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func secretIn(t *testing.T, srv *awsfake.Server, name string) {
	t.Helper()
	_, err := srv.AddSecret(region, name, "value", "", nil)
	kubetest.Must(t, err)
}

func testToken(t *testing.T, c *cluster) {
	t.Helper()
	srv := awsfake.Start(t)
	s := irsaStage(t, c, srv, "tokens")
	s.settings.SecretPrefixes, s.settings.IAMPath = []string{"gen3/"}, "/gen3/"
	secretIn(t, srv, "gen3/fence-config")
	secretIn(t, srv, "other/fence-config")
	role := s.up(t).Outputs.RoleARN
	if !strings.HasPrefix(role, "arn:aws:iam::"+account+":role/gen3/external-secrets-tokens-") {
		t.Errorf("role %s", role)
	}
	good := c.token(t, "tokens", chartSA, tokenFor)
	wantRead(t, "the chart's ServiceAccount", read(t.Context(), srv, role, good, "gen3/fence-config"), "")
	wantRead(t, "a secret outside of the prefix", read(t.Context(), srv, role, good, "other/fence-config"), "read: AccessDeniedException")
	c.namespace(t, "tokens-2")
	for what, token := range map[string]string{
		"another ServiceAccount": c.token(t, "tokens", "default", tokenFor),
		"another namespace":      c.token(t, "tokens-2", chartSA, tokenFor),
	} {
		wantRead(t, what, read(t.Context(), srv, role, token, "gen3/fence-config"), "assume: AccessDenied")
	}
	wantRead(t, "another audience", read(t.Context(), srv, role, c.token(t, "tokens", chartSA, "https://kubernetes.default.svc"), "gen3/fence-config"),
		"assume: InvalidIdentityToken")
}

func testSharedRole(t *testing.T, c *cluster) {
	t.Helper()
	srv := awsfake.Start(t)
	secretIn(t, srv, "fence-config")
	var stages []*stage
	for _, namespace := range []string{"shared-a", "shared-b"} {
		s := irsaStage(t, c, srv, namespace)
		s.settings.RoleName = "everybodys"
		s.up(t)
		stages = append(stages, s)
	}
	for _, s := range stages {
		role := s.mustBeConverged(t).Outputs.RoleARN
		wantRead(t, s.settings.Namespace, read(t.Context(), srv, role, c.token(t, s.settings.Namespace, chartSA, tokenFor), "fence-config"), "")
	}
}

// mustBeConverged says that another up writes nothing to the account.
func (s *stage) mustBeConverged(t *testing.T) bootstrap.Result {
	t.Helper()
	s.aws.ResetCalls()
	result := s.up(t)
	if writes := s.aws.Writes(); result.Changed || len(writes) > 0 {
		t.Errorf("namespace %s was not converged: %v\n%s", s.settings.Namespace, writes, show(result))
	}
	return result
}

// trust reads a role's trust policy, or writes it where a document is given, as somebody else would.
func (s *stage) trust(t *testing.T, role, document string) string {
	t.Helper()
	api := iam.New(iam.Options{BaseEndpoint: aws.String(s.aws.URL()), Region: region, Credentials: s.env().AWSCredentials})
	if document != "" {
		_, err := api.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &role, PolicyDocument: &document})
		kubetest.Must(t, err)
	}
	return s.aws.Snapshot()["role/"+role+"/trust"]
}

func testForeignStatements(t *testing.T, c *cluster) {
	t.Helper()
	foreign := []string{
		`{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},"Action":"sts:AssumeRole"}`,
		`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"aws:PrincipalTag/team":["a*","b"]}}}`,
	}
	s := irsaStage(t, c, awsfake.Start(t), "foreign-a")
	s.settings.RoleName = "mixed"
	s.up(t)
	s.trust(t, "mixed", `{"Version":"2012-10-17","Statement":[`+strings.Join(foreign, ",")+`]}`)
	s.up(t) // its own statement was taken away
	other := irsaStage(t, c, s.aws, "foreign-b")
	other.settings.RoleName = "mixed"
	other.up(t)
	now := s.trust(t, "mixed", "")
	for _, want := range append(foreign, "system:serviceaccount:foreign-a:"+chartSA, "system:serviceaccount:foreign-b:"+chartSA) {
		if !strings.Contains(now, want) {
			t.Errorf("%s is not in %s", want, now)
		}
	}
	s.mustBeConverged(t)
	other.mustBeConverged(t)
}
