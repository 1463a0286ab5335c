package oidcprovider

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

func TestIssuersThatAWSCannotReach(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://kubernetes.default.svc.cluster.local":   ".local are not public",
		"https://kubernetes.default.svc":                 ".svc are not public",
		"https://localhost":                              "localhost is not a public name",
		"https://localhost:6443":                         "names port 6443",
		"https://minikube/":                              "minikube is not a public name",
		"https://issuer.ec2.internal/id":                 ".internal are not public",
		"https://127.0.0.1":                              "private network",
		"https://10.0.0.1/id":                            "private network",
		"https://192.168.49.2":                           "private network",
		"https://172.31.255.1":                           "private network",
		"https://169.254.169.254":                        "private network",
		"https://100.64.0.1":                             "private network",
		"https://[::1]":                                  "private network",
		"https://[fd00::1]":                              "private network",
		"https://[::ffff:10.0.0.1]":                      "private network",
		"http://oidc.eks.us-east-1.amazonaws.com/id/ABC": "it is http",
		"oidc.eks.us-east-1.amazonaws.com/id/ABC":        "not a URL",
		"kubernetes/serviceaccount":                      "not a URL",
		"":                                               "not a URL",
		"https://oidc.example.org/id?cluster=a":          "without user, query and fragment",
		"https://u@oidc.example.org/id":                  "without user, query and fragment",
		"https://oidc.example.org/" + strings.Repeat("a", issuerMax): "IAM takes 255",
	} {
		err := CheckIssuer(issuer)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", issuer, err, want)
		} else if !strings.Contains(hint.Of(err), "--oidc-issuer") {
			t.Errorf("%s: hint %q", issuer, hint.Of(err))
		}
	}
}

func TestIssuersThatAWSCanReach(t *testing.T) {
	for _, issuer := range []string{
		"https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
		"https://oidc.eks.cn-north-1.amazonaws.com.cn/id/0123456789ABCDEF0123456789ABCDEF",
		"https://s3.us-east-1.amazonaws.com/bucket-of-mine/cluster",
		"https://oidc.example.org",
		"https://8.8.8.8/id",
	} {
		if err := CheckIssuer(issuer); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}
