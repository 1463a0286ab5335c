package bootstrap_test

import (
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubeproxy"
)

// testStatusIssuer: without the issuer nothing can be said of provider and role, and user and key are no part of this
// mode.
func testStatusIssuer(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "status-issuer")
	c.namespace(t, "status-issuer")
	s.settings.SkipHelm, s.settings.IRSA = true, true
	proxy := kubeproxy.Start(t, c.config)
	proxy.Fault(kubeproxy.Fault{Verb: "raw", Kind: kubeproxy.Forbidden})
	s.settings.Kubeconfig = proxy.Kubeconfig(t, "status-issuer")
	r := s.mustStatus(t)
	if len(r.Unread) == 0 || r.Unread[0].Step != "oidc-provider" || r.Mode != "irsa" {
		t.Errorf("mode %s, unread %+v", r.Mode, r.Unread)
	}
	if len(r.Resources) != 2 || r.Resources[1].Step != "iam-policy" || len(r.Secrets) > 0 {
		t.Errorf("resources %+v, secrets %+v", r.Resources, r.Secrets)
	}
	for _, call := range s.aws.Calls() {
		if call.Action == "GetUser" || call.Action == "ListAccessKeys" {
			t.Errorf("asked for what the mode does not have: %s", call.Name())
		}
	}
}
