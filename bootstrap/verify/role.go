package verify

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/asoperator"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// account: the ServiceAccount whose tokens are exchanged is there, and names the role of this namespace.
func (l *look) account(ctx context.Context) finding {
	if err := l.cluster.accountErr; err != nil {
		return l.unasked(err)
	}
	t, s := l.target, l.target.Settings
	name := cmp.Or(s.RoleName, role.DefaultName(t.Owner()))
	want, err := role.ARN(ctx, t.Aws.IAM, name)
	if err != nil { // without that right the name has to do, whose path is not known
		want = ""
	}
	return judgeAccount(l.cluster.account, s.Namespace+"/"+s.ServiceAccount, name, want, t.Account())
}

func judgeAccount(seen kube.ServiceAccount, name, roleName, roleARN string, in iamsetup.Account) finding {
	const cure = "give the gen3 chart the values that `gen3-bootstrap values` prints"
	role := cmp.Or(roleARN, roleName)
	named := seen.RoleARN == roleARN || roleARN == "" && iamsetup.LastPart(seen.RoleARN) == roleName && strings.HasPrefix(seen.RoleARN, in.RoleARN("/", ""))
	switch {
	case seen.Forbidden:
		return failed(fmt.Sprintf("ServiceAccount %s may not be read", name), "it needs the verb get on serviceaccounts in its namespace")
	case !seen.Exists:
		return failed(fmt.Sprintf("ServiceAccount %s is not there: the gen3 chart makes it", name), cure)
	case seen.RoleARN == "":
		return failed(fmt.Sprintf("ServiceAccount %s names no role: it has no annotation %s", name, kube.RoleAnnotation), cure)
	case !named:
		return failed(fmt.Sprintf("ServiceAccount %s names another role: %s, and not %s (annotation %s)", name, seen.RoleARN, role, kube.RoleAnnotation), cure)
	}
	return ok(fmt.Sprintf("ServiceAccount %s names role %s", name, seen.RoleARN))
}

// role: AWS takes the ServiceAccount's token for it.
func (l *look) role(ctx context.Context) finding {
	t := l.target
	arn := l.cluster.account.RoleARN
	by, session, who, err := asoperator.WithRole(ctx, t, arn)
	if err != nil {
		return l.unasked(err)
	}
	why := ""
	if session.Entry == reading.NotTrusted { // the caller may be able to see more
		why, _ = role.WhyNot(ctx, t.Aws.IAM, t.Account(), arn, who)
	}
	if by.Reader != nil {
		l.by = by
	}
	return judgeRole(session, arn, who, why, l.invocation())
}

func judgeRole(session reading.Session, arn string, who role.Trusted, why string, by hint.Invocation) finding {
	up := by.Command("up", "--irsa")
	switch session.Entry {
	case reading.LetIn:
		return ok(fmt.Sprintf("%s takes role %s", who.Subject, arn))
	case reading.NoProvider:
		return failed("the account has no identity provider of the cluster's issuer "+who.Issuer, by.Command("up", "--irsa", "--create-oidc-provider")+" makes it")
	case reading.NotTrusted:
		return failed(fmt.Sprintf("role %s does not let in %s: %s", arn, who.Subject, cmp.Or(why, session.Says)), up+" lets it in")
	case reading.BadAudience:
		return failed(fmt.Sprintf("the identity provider of %s does not know audience %s", who.Issuer, oidcprovider.Audience), by.Command("up", "--irsa", "--create-oidc-provider")+" adds it")
	case reading.Unproved:
		return failed(fmt.Sprintf("AWS cannot check tokens of issuer %s: %s", who.Issuer, session.Says), "the issuer has to serve its keys under that https URL to everybody: check --oidc-issuer and the API server's --service-account-issuer")
	case reading.BadRole:
		return failed(fmt.Sprintf("%q is no ARN of a role: %s", arn, session.Says), "give the gen3 chart the values that `gen3-bootstrap values` prints")
	case reading.TokenOver:
	}
	return failed("AWS says that the token is out of date: "+session.Says, "check the clocks of the control plane and of AWS's region")
}
