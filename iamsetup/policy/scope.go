package policy

import (
	"fmt"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/document"
)

// Scope is what the policy lets External Secrets Operator do.
type Scope struct {
	Region    string
	Prefixes  []string // of secrets' names; none, and no Names: every secret of account and region
	Names     []string // of secrets, each as a whole
	KMSKeys   []string // key ARNs
	AllowPush bool     // also what a PushSecret needs
	Pushed    []string // with Names: those that may be written, and no others but by Prefixes
}

// The tag by which External Secrets Operator knows what its PushSecrets made
// (https://external-secrets.io/latest/provider/aws-secrets-manager/).
const (
	pushTag   = "managed-by"
	pushOwner = "external-secrets"
)

// document says what the operator's AWS calls need and no more. ListSecrets and BatchGetSecretValue know no
// resource but "*" (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html);
// what the latter returns is still limited by GetSecretValue.
func (s Scope) document(a iamsetup.Account) document.Document {
	doc := document.Document{Version: document.Version, Statement: []document.Statement{
		{
			Sid: "ReadSecrets", Effect: "Allow",
			Action:   []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"},
			Resource: s.secrets(a, s.Names),
		},
		{
			Sid: "FindSecrets", Effect: "Allow",
			Action:   []string{"secretsmanager:ListSecrets", "secretsmanager:BatchGetSecretValue"},
			Resource: []string{"*"},
		},
	}}
	if s.pushes() {
		doc.Statement = append(doc.Statement, s.push(a)...)
	}
	if len(s.KMSKeys) > 0 {
		doc.Statement = append(doc.Statement, s.kms(a))
	}
	return doc
}

// secrets are the ARNs that the scope covers, with some names.
func (s Scope) secrets(a iamsetup.Account, names []string) []string {
	prefixes := s.Prefixes
	if len(prefixes) == 0 && len(s.Names) == 0 {
		prefixes = []string{""}
	}
	out := make([]string, 0, len(prefixes)+len(names))
	for _, prefix := range prefixes {
		out = append(out, a.SecretsARN(s.Region, prefix))
	}
	for _, name := range names {
		out = append(out, a.SecretARN(s.Region, name))
	}
	return out
}

// pushes reports whether there is anything that may be written: a statement about nothing is none.
func (s Scope) pushes() bool {
	return s.AllowPush && (len(s.Names) == 0 || len(s.Pushed) > 0 || len(s.Prefixes) > 0)
}

// push lets a PushSecret make secrets that carry its tag, and write to those alone. Tagging goes by the tag that the
// secret has, since by the request's tag alone any secret could be tagged and then written. At its creation, which is
// tagging too, a secret counts as having the tags that it gets: AWS's own tutorial creates secrets under such a condition
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html).
//
// Deleting is for a PushSecret with deletionPolicy Delete, whose finalizer else never goes. Operators from 1.0 on take a secret's own
// policy away around a put, and read it first where the PushSecret names one; with tags in its metadata they take off those that it
// does not name. PutResourcePolicy is left out: it could open a secret to other accounts. A Deny, which needs no list of secrets and so
// little of IAM's room, keeps the tag on: without it nobody could write or delete what was pushed.
func (s Scope) push(a iamsetup.Account) []document.Statement {
	own := map[string]string{"aws:ResourceTag/" + pushTag: pushOwner}
	return []document.Statement{
		{
			Sid: "PushNewSecrets", Effect: "Allow",
			Action: []string{"secretsmanager:CreateSecret"}, Resource: s.secrets(a, s.Pushed),
			Condition: map[string]map[string]string{"StringEquals": {"aws:RequestTag/" + pushTag: pushOwner}},
		},
		{
			Sid: "PushOwnSecrets", Effect: "Allow",
			Action: []string{
				"secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret",
				"secretsmanager:TagResource", "secretsmanager:UntagResource",
				"secretsmanager:GetResourcePolicy", "secretsmanager:DeleteResourcePolicy",
			},
			Resource: s.secrets(a, s.Pushed), Condition: map[string]map[string]string{"StringEquals": own},
		},
		{
			Sid: "KeepPushTag", Effect: "Deny",
			Action: []string{"secretsmanager:UntagResource"}, Resource: []string{"*"},
			Condition: map[string]map[string]string{"StringEquals": own, "ForAnyValue:StringEquals": {"aws:TagKeys": pushTag}},
		},
	}
}

// shorter advises how a document that IAM does not take becomes one that it does.
func (s Scope) shorter() string {
	if len(s.Names) == 0 {
		return "give fewer and shorter --secret-prefix and --kms-key"
	}
	out := fmt.Sprintf("it is for %d names of secrets", len(s.Names))
	if len(s.Pushed) > 0 {
		out += fmt.Sprintf(", and %d again that --allow-push lets be written", len(s.Pushed))
	}
	return out + ": give the names a beginning in common (gen3-bootstrap values --name-prefix PREFIX), and allow that in their place (--secret-prefix PREFIX, without --secret-names-from-values)"
}

// kms lets Secrets Manager, and nothing else, use the keys on the caller's behalf.
func (s Scope) kms(a iamsetup.Account) document.Statement {
	actions := []string{"kms:Decrypt"}
	if s.pushes() {
		actions = append(actions, "kms:GenerateDataKey")
	}
	via := fmt.Sprintf("secretsmanager.%s.%s", s.Region, a.DNSSuffix())
	return document.Statement{
		Sid: "UseKeys", Effect: "Allow", Action: actions, Resource: s.KMSKeys,
		Condition: map[string]map[string]string{"StringEquals": {"kms:ViaService": via}},
	}
}
