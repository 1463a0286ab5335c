package role

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/document"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
)

func awsProvider(issuer string) string { return iamtest.In("aws").ProviderARN(issuer) }

func trustOf(t *testing.T, text string) trust {
	t.Helper()
	parsed, err := parseTrust(text, awsProvider)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func textOf(t *testing.T, p trust) string {
	t.Helper()
	text, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const foreignStatements = `
    {"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": {"AWS": ["111122223333", "444455556666"]}, "Action": ["sts:AssumeRole", "sts:TagSession"],
     "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}, "StringLike": {"aws:PrincipalTag/team": "<data & more>*"}}},
    {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
     "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"oidc.eks.us-east-1.amazonaws.com/id/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:sub": "system:serviceaccount:other:*"},
     "StringEquals": {"oidc.eks.us-east-1.amazonaws.com/id/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:aud": "sts.amazonaws.com"}}}`

func TestTrustKeepsForeignStatements(t *testing.T) {
	before := `{"Version": "2012-10-17", "Id": "kept", "Statement": [` + foreignStatements + `]}`
	who := Trusted{iamtest.IssuerA, Subject("gen3", "secret-store-sa")}
	grown := trustOf(t, before).with(who)
	if !grown.holds(who) || len(grown.statements) != 4 {
		t.Fatalf("got %s", textOf(t, grown))
	}
	again := trustOf(t, textOf(t, grown))
	if !strings.Contains(textOf(t, grown), "<data & more>") {
		t.Error("characters were escaped, which costs five of the quota each")
	}
	if same, err := document.SameMeaning(textOf(t, again.without(who)), before); err != nil || !same {
		t.Errorf("taken out again it is %s (%v)", textOf(t, again.without(who)), err)
	}
}

func TestTrustHasOneStatementAnIssuer(t *testing.T) {
	a, b := Trusted{iamtest.IssuerA, Subject("a", "sa")}, Trusted{iamtest.IssuerA, Subject("b", "sa")}
	elsewhere := Trusted{iamtest.IssuerB, Subject("a", "sa")}
	p := newTrust(awsProvider).with(a).with(b).with(a).with(elsewhere)
	want := `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"` + awsProvider(iamtest.IssuerA) + `"},"Action":"sts:AssumeRoleWithWebIdentity",` +
		`"Condition":{"StringEquals":{"` + iamsetup.ProviderName(iamtest.IssuerA) + `:aud":"sts.amazonaws.com","` + iamsetup.ProviderName(iamtest.IssuerA) + `:sub":["system:serviceaccount:a:sa","system:serviceaccount:b:sa"]}}},` +
		`{"Effect":"Allow","Principal":{"Federated":"` + awsProvider(iamtest.IssuerB) + `"},"Action":"sts:AssumeRoleWithWebIdentity",` +
		`"Condition":{"StringEquals":{"` + iamsetup.ProviderName(iamtest.IssuerB) + `:aud":"sts.amazonaws.com","` + iamsetup.ProviderName(iamtest.IssuerB) + `:sub":"system:serviceaccount:a:sa"}}}],"Version":"2012-10-17"}`
	if diff := cmp.Diff(want, textOf(t, p)); diff != "" {
		t.Error(diff)
	}
	if left := p.without(a).without(elsewhere); len(left.statements) != 1 || !left.holds(b) || left.holds(a) {
		t.Errorf("kept: %s", textOf(t, left))
	}
}

// TestTrustReadsOtherSpellings has the forms that eksctl, Terraform and IAM itself give to the same statement.
func TestTrustReadsOtherSpellings(t *testing.T) {
	name := iamsetup.ProviderName(iamtest.IssuerA)
	who := Trusted{iamtest.IssuerA, "system:serviceaccount:gen3:sa"}
	for text, want := range map[string]bool{
		`{"Sid":"x","Effect":"Allow","Principal":{"Federated":["` + awsProvider(iamtest.IssuerA) + `"]},"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"` + name + `:aud":["sts.amazonaws.com"],"` + name + `:sub":["system:serviceaccount:gen3:sa"]}}}`:   true,
		`{"Effect":"Allow","Principal":{"Federated":"` + awsProvider(iamtest.IssuerB) + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + name + `:aud":"sts.amazonaws.com","` + name + `:sub":"system:serviceaccount:gen3:sa"}}}`:                     false,
		`{"Effect":"Deny","Principal":{"Federated":"` + awsProvider(iamtest.IssuerA) + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + name + `:aud":"sts.amazonaws.com","` + name + `:sub":"system:serviceaccount:gen3:sa"}}}`:                      false,
		`{"Effect":"Allow","Principal":{"Federated":"` + awsProvider(iamtest.IssuerA) + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + name + `:aud":"sts.amazonaws.com","` + name + `:sub":"system:serviceaccount:gen3:sa","aws:SourceVpc":"v"}}}`: false,
		`{"Effect":"Allow","Principal":{"Federated":"` + awsProvider(iamtest.IssuerA) + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + name + `:sub":"system:serviceaccount:gen3:sa"}}}`:                                                            false,
	} {
		p := trustOf(t, `{"Version":"2012-10-17","Statement":`+text+`}`)
		if p.holds(who) != want {
			t.Errorf("%s: got %v", text, !want)
		}
	}
}

func TestTrustLetsIn(t *testing.T) {
	name := iamsetup.ProviderName(iamtest.IssuerA)
	who := Trusted{iamtest.IssuerA, "system:serviceaccount:gen3:sa"}
	statement := func(action, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + awsProvider(iamtest.IssuerA) + `"},"Action":` + action + `,"Condition":` + condition + `}]}`
	}
	both := func(other string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":["` + awsProvider(iamtest.IssuerA) + `"]},"Action":"sts:*"},` + other + `]}`
	}
	const action = `"sts:AssumeRoleWithWebIdentity"`
	for text, want := range map[string]bool{
		statement(action, `{"StringLike":{"`+name+`:sub":"system:serviceaccount:gen3:*"}}`):                                                                true,
		statement(`["sts:TagSession","sts:Assume*"]`, `{"StringEquals":{"`+name+`:aud":"sts.amazonaws.com","`+name+`:sub":["x","`+who.Subject+`"]}}`):      true,
		statement(action, `{"StringLike":{"`+name+`:sub":"system:serviceaccount:other:*"}}`):                                                               false,
		statement(action, `{"StringEquals":{"`+name+`:sub":"system:serviceaccount:gen3:*"}}`):                                                              false,
		statement(action, `{"StringEquals":{"`+name+`:sub":"`+who.Subject+`","aws:SourceVpc":"v"}}`):                                                       false,
		statement(action, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`):                                                                                   false,
		statement(`"sts:AssumeRole"`, `{"StringEquals":{"`+name+`:sub":"`+who.Subject+`"}}`):                                                               false,
		both(`{"Effect":"Deny","Principal":"*","Action":"sts:*"}`):                                                                                         false,
		both(`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:*","Condition":{"StringLike":{"` + name + `:sub":"system:serviceaccount:gen3:*"}}}`):  false,
		both(`{"Effect":"Deny","Principal":{"Federated":"` + awsProvider(iamtest.IssuerA) + `"},"Action":"sts:AssumeRoleWithWebIdentity"}`):                false,
		both(`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:*","Condition":{"StringLike":{"` + name + `:sub":"system:serviceaccount:other:*"}}}`): true,
		both(`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:*"}`):                                                    true,
		both(`{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`):                                 true,
	} {
		if got := trustOf(t, text).letsIn(who); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
