package oidcprovider

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func providerFor(api *iam.Client, namespace string) *Up {
	return &Up{Up: iamtest.Making(api, "c1", namespace), Issuer: iamtest.IssuerA}
}

func TestProviderIsMadeOnlyWhenAskedFor(t *testing.T) {
	srv, api := iamtest.Start(t)
	p := providerFor(api, "gen3")
	changes := iamtest.Converge(t, p)
	if iamtest.Actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, iamtest.IssuerA, "--create-oidc-provider", iamtest.AccountID)
	iamtest.WantNoWrites(t, srv)

	p.Create = true
	if changes = iamtest.Converge(t, p); iamtest.Actions(changes) != "create" {
		t.Fatalf("got %+v", changes)
	}
	made := srv.Snapshot()
	if made["provider/"+p.ARN()] == "" || made["provider/"+p.ARN()+"/tag/gen3-bootstrap/owner/c1/gen3"] == "" {
		t.Errorf("made %v", made)
	}
	srv.ResetCalls()
	if changes = iamtest.Converge(t, p); iamtest.Actions(changes) != "none" {
		t.Errorf("got %+v", changes)
	}
	iamtest.WantNoWrites(t, srv)
}

func TestProviderOfAnUnreachableIssuerIsBlockedUnasked(t *testing.T) {
	srv, api := iamtest.Start(t)
	p := providerFor(api, "gen3")
	p.Issuer, p.Create = "https://kubernetes.default.svc.cluster.local", true
	changes := iamtest.Converge(t, p)
	if iamtest.Actions(changes) != "blocked" || len(srv.Calls()) > 0 {
		t.Fatalf("got %+v, %d calls", changes, len(srv.Calls()))
	}
	iamtest.WantReason(t, changes, ".local are not public", "leave --irsa out")
}

func TestProviderOfSomebodyElse(t *testing.T) {
	srv, api := iamtest.Start(t)
	arn, err := srv.AddOIDCProvider(iamtest.IssuerA, []string{"kubernetes"}, map[string]string{"made-by": "terraform"})
	if err != nil {
		t.Fatal(err)
	}
	p := providerFor(api, "gen3")
	changes := iamtest.Converge(t, p)
	if iamtest.Actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "sts.amazonaws.com", "--adopt", arn)
	iamtest.WantNoWrites(t, srv)

	p.Adopt = true
	if changes = iamtest.Converge(t, p); iamtest.Actions(changes) != "adopt" {
		t.Fatalf("got %+v", changes)
	}
	if changes = iamtest.Converge(t, p); iamtest.Actions(changes) != "none" {
		t.Errorf("got %+v", changes)
	}
	if srv.Snapshot()["provider/"+arn+"/tag/made-by"] != "terraform" {
		t.Error("a foreign tag is gone")
	}
}

func TestProviderThatServesIsLeftToItsOwner(t *testing.T) {
	srv, api := iamtest.Start(t)
	if _, err := srv.AddOIDCProvider(iamtest.IssuerA, []string{"kubernetes", Audience}, nil); err != nil {
		t.Fatal(err)
	}
	for _, adopt := range []bool{false, true} {
		p := providerFor(api, "gen3")
		p.Adopt = adopt
		if changes := iamtest.Converge(t, p); iamtest.Actions(changes) != "none" {
			t.Errorf("adopt %v: got %+v", adopt, changes)
		}
	}
	iamtest.WantNoWrites(t, srv)
}

func TestProviderOfOursGetsWhatItLacks(t *testing.T) {
	srv, api := iamtest.Start(t)
	first := providerFor(api, "a")
	first.Create = true
	iamtest.Converge(t, first)
	if _, err := api.RemoveClientIDFromOpenIDConnectProvider(t.Context(), removeClient(first.ARN())); err != nil {
		t.Fatal(err)
	}
	second := providerFor(api, "b")
	changes := iamtest.Converge(t, second)
	if iamtest.Actions(changes) != "update" {
		t.Fatalf("got %+v", changes)
	}
	iamtest.WantReason(t, changes, "lacks client id sts.amazonaws.com", "gen3-bootstrap/owner/c1/b")
	for _, p := range []*Up{first, second} {
		if changes := iamtest.Converge(t, p); iamtest.Actions(changes) != "none" {
			t.Errorf("got %+v", changes)
		}
	}
	_ = srv
}

func removeClient(arn string) *iam.RemoveClientIDFromOpenIDConnectProviderInput {
	id := Audience
	return &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, ClientID: &id}
}

func TestProviderWhoseAnswerIsLost(t *testing.T) {
	for name, kind := range map[string]awsfake.Kind{"no answer": awsfake.LostReply, "a server's fault": awsfake.LostReply5xx} {
		t.Run(name, func(t *testing.T) {
			srv, api := iamtest.Start(t)
			srv.Fault(awsfake.Fault{Action: "iam:CreateOpenIDConnectProvider", Kind: kind, N: 1})
			p := providerFor(api, "gen3")
			p.Create = true
			iamtest.Converge(t, p)
			if changes := iamtest.Converge(t, p); iamtest.Actions(changes) != "none" {
				t.Errorf("got %+v", changes)
			}
		})
	}
}
