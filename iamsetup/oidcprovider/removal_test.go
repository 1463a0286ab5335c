package oidcprovider

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
)

func TestProviderRemoval(t *testing.T) {
	srv, api := iamtest.Start(t)
	tags := map[string]string{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagOwner + "c1/gen3": "", iamsetup.TagOwner + "c1/other": ""}
	arn, err := srv.AddOIDCProvider(iamtest.IssuerA, []string{Audience}, tags)
	iamtest.Check(t, err)
	provider := func(namespace string, del bool) *Removal {
		return &Removal{Removal: iamtest.Removing(api, "c1", namespace), Issuer: iamtest.IssuerA, Delete: del}
	}
	iamtest.MustDestroy(t, provider("other", true))
	if left := srv.Snapshot(); left["provider/"+arn] == "" || len(tagsOf(left, arn)) != 2 {
		t.Errorf("kept: %v", left)
	}
	iamtest.MustDestroy(t, provider("gen3", false))
	if left := srv.Snapshot(); left["provider/"+arn] == "" || len(tagsOf(left, arn)) != 1 {
		t.Errorf("kept: %v", left)
	}
	if made := iamtest.MustDestroy(t, provider("gen3", false)); len(made) > 0 {
		t.Errorf("made %v", made)
	}
	iamtest.MustDestroy(t, provider("gen3", true))
	iamtest.WantSnapshot(t, srv, nil)
	iamtest.MustDestroy(t, provider("gen3", true))
	_, err = srv.AddOIDCProvider(iamtest.IssuerA, []string{Audience}, nil)
	iamtest.Check(t, err)
	if made := iamtest.MustDestroy(t, provider("gen3", true)); len(made) > 0 {
		t.Errorf("a foreign provider: %v", made)
	}
}

func tagsOf(left map[string]string, arn string) []string {
	var out []string
	for key := range left {
		if tag, ok := strings.CutPrefix(key, "provider/"+arn+"/tag/"); ok {
			out = append(out, tag)
		}
	}
	return out
}

func TestProviderThatAnotherOwnerTakesMeanwhile(t *testing.T) {
	srv, api := iamtest.Start(t)
	arn, err := srv.AddOIDCProvider(iamtest.IssuerA, []string{Audience}, iamsetup.Tags{iamsetup.TagManagedBy: iamsetup.ManagedBy, iamsetup.TagOwner + "c1/a": ""})
	iamtest.Check(t, err)
	p := &Removal{Removal: iamtest.Removing(api, "c1", "a"), Issuer: iamtest.IssuerA, Delete: true}
	iamtest.WantPlan(t, "delete", p)
	_, err = api.TagOpenIDConnectProvider(t.Context(), &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, Tags: iamsetup.Tags{iamsetup.TagOwner + "c1/b": ""}.List()})
	iamtest.Check(t, err)
	iamtest.CarryOut(t, p)
	if left := srv.Snapshot(); left["provider/"+arn] == "" || len(tagsOf(left, arn)) != 2 {
		t.Errorf("kept: %v", left)
	}
}
