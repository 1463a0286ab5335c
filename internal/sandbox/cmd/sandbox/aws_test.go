package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/uc-cdis/gen3-bootstrap/internal/sandbox"
)

// TestTokensOfTheAPIServerAreBelieved takes a role with a token that the sandbox's own API server issues.
func TestTokensOfTheAPIServerAreBelieved(t *testing.T) {
	aws := newAWS()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{BaseDir: t.TempDir(), AWS: aws})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Stop() })
	if err := publishKeys(t.Context(), aws, sb); err != nil {
		t.Fatal(err)
	}
	provider, err := aws.AddOIDCProvider(sb.Issuer, []string{"sts.amazonaws.com"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	issuer := strings.TrimPrefix(sb.Issuer, "https://")
	role, err := aws.AddRole("reader", fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":%q},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{%q:"sts.amazonaws.com",%q:"system:serviceaccount:default:reader"}}}]}`,
		provider, issuer+":aud", issuer+":sub"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for account, want := range map[string]int{"reader": http.StatusOK, "other": http.StatusForbidden} {
		form := url.Values{
			"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role},
			"RoleSessionName": {"test"}, "WebIdentityToken": {tokenOf(t, sb, account)},
		}
		answer, err := http.PostForm(sb.AWSEndpoint, form)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("ServiceAccount %s: status %d, want %d: %s", account, answer.StatusCode, want, body)
		}
	}
}

func tokenOf(t *testing.T, sb *sandbox.Sandbox, account string) string {
	t.Helper()
	client, err := kubernetes.NewForConfig(sb.Config)
	if err != nil {
		t.Fatal(err)
	}
	accounts := client.CoreV1().ServiceAccounts("default")
	if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"sts.amazonaws.com"}}}
	answer, err := accounts.CreateToken(t.Context(), account, request, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Token
}
