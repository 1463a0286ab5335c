package iamsetup

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func providerFor(api *iam.Client, namespace string) *Provider {
	return &Provider{Up: making(api, "c1", namespace), Issuer: issuerA}
}

func TestProviderIsMadeOnlyWhenAskedFor(t *testing.T) {
	srv, api := fakeAccount(t)
	p := providerFor(api, "gen3")
	changes := converge(t, p)
	if actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, issuerA, "--create-oidc-provider", testAccount)
	wantNoWrites(t, srv)

	p.Create = true
	if changes = converge(t, p); actions(changes) != "create" {
		t.Fatalf("got %+v", changes)
	}
	made := srv.Snapshot()
	if made["provider/"+p.ARN()] == "" || made["provider/"+p.ARN()+"/tag/gen3-bootstrap/owner/c1/gen3"] == "" {
		t.Errorf("made %v", made)
	}
	srv.ResetCalls()
	if changes = converge(t, p); actions(changes) != "none" {
		t.Errorf("got %+v", changes)
	}
	wantNoWrites(t, srv)
}

func TestProviderOfAnUnreachableIssuerIsBlockedUnasked(t *testing.T) {
	srv, api := fakeAccount(t)
	p := providerFor(api, "gen3")
	p.Issuer, p.Create = "https://kubernetes.default.svc.cluster.local", true
	changes := converge(t, p)
	if actions(changes) != "blocked" || len(srv.Calls()) > 0 {
		t.Fatalf("got %+v, %d calls", changes, len(srv.Calls()))
	}
	wantReason(t, changes, ".local are not public", "leave --irsa out")
}

func TestProviderOfSomebodyElse(t *testing.T) {
	srv, api := fakeAccount(t)
	arn, err := srv.AddOIDCProvider(issuerA, []string{"kubernetes"}, map[string]string{"made-by": "terraform"})
	if err != nil {
		t.Fatal(err)
	}
	p := providerFor(api, "gen3")
	changes := converge(t, p)
	if actions(changes) != "blocked" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "sts.amazonaws.com", "--adopt", arn)
	wantNoWrites(t, srv)

	p.Adopt = true
	if changes = converge(t, p); actions(changes) != "adopt" {
		t.Fatalf("got %+v", changes)
	}
	if changes = converge(t, p); actions(changes) != "none" {
		t.Errorf("got %+v", changes)
	}
	if srv.Snapshot()["provider/"+arn+"/tag/made-by"] != "terraform" {
		t.Error("a foreign tag is gone")
	}
}

func TestProviderThatServesIsLeftToItsOwner(t *testing.T) {
	srv, api := fakeAccount(t)
	if _, err := srv.AddOIDCProvider(issuerA, []string{"kubernetes", audience}, nil); err != nil {
		t.Fatal(err)
	}
	for _, adopt := range []bool{false, true} {
		p := providerFor(api, "gen3")
		p.Adopt = adopt
		if changes := converge(t, p); actions(changes) != "none" {
			t.Errorf("adopt %v: got %+v", adopt, changes)
		}
	}
	wantNoWrites(t, srv)
}

func TestProviderOfOursGetsWhatItLacks(t *testing.T) {
	srv, api := fakeAccount(t)
	first := providerFor(api, "a")
	first.Create = true
	converge(t, first)
	if _, err := api.RemoveClientIDFromOpenIDConnectProvider(t.Context(), removeClient(first.ARN())); err != nil {
		t.Fatal(err)
	}
	second := providerFor(api, "b")
	changes := converge(t, second)
	if actions(changes) != "update" {
		t.Fatalf("got %+v", changes)
	}
	wantReason(t, changes, "lacks client id sts.amazonaws.com", "gen3-bootstrap/owner/c1/b")
	for _, p := range []*Provider{first, second} {
		if changes := converge(t, p); actions(changes) != "none" {
			t.Errorf("got %+v", changes)
		}
	}
	_ = srv
}

func removeClient(arn string) *iam.RemoveClientIDFromOpenIDConnectProviderInput {
	id := audience
	return &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, ClientID: &id}
}

func TestProviderWhoseAnswerIsLost(t *testing.T) {
	for name, kind := range map[string]awsfake.Kind{"no answer": awsfake.LostReply, "a server's fault": awsfake.LostReply5xx} {
		t.Run(name, func(t *testing.T) {
			srv, api := fakeAccount(t)
			srv.Fault(awsfake.Fault{Action: "iam:CreateOpenIDConnectProvider", Kind: kind, N: 1})
			p := providerFor(api, "gen3")
			p.Create = true
			converge(t, p)
			if changes := converge(t, p); actions(changes) != "none" {
				t.Errorf("got %+v", changes)
			}
		})
	}
}
