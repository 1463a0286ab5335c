package verify

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/asoperator"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// keyView is what is known of the key in the Secrets.
type keyView struct {
	id       string
	standing accesskey.Standing
	info     *accesskey.Info // what IAM tells the caller; nil: IAM knows no such key
	unread   bool            // IAM may not be asked
}

// key: STS takes it, and it is of this account.
func (l *look) key(ctx context.Context) finding {
	t, key := l.target, l.keyOf()
	by, standing, err := asoperator.WithKey(ctx, t, key)
	if err != nil {
		return l.unasked(err)
	}
	v := keyView{id: key.ID, standing: standing}
	if standing.Refused {
		v.info, err = accesskey.Find(ctx, t.Aws, key.ID)
		v.unread = err != nil
	}
	f := judgeKey(v, t.Settings, l.invocation())
	if f.state == OK && !t.Settings.IRSA { // with a role, the operator takes that
		l.by = by
	}
	return f
}

func judgeKey(v keyView, s bootstrap.Settings, by hint.Invocation) finding {
	fresh := by.Command("up") + " makes another one"
	if s.UseGlobalUser {
		fresh = fmt.Sprintf("put a working key into Secret %s/%s, which is yours to keep", s.Namespace, s.GlobalUserSecret)
	}
	switch {
	case v.standing.Mismatched:
		return failed("the secret half in the Secret is not that of access key "+v.id, fresh)
	case v.standing.Refused && v.unread:
		return failed(fmt.Sprintf("AWS does not accept access key %s: it was deleted, or is inactive (IAM may not be asked which)", v.id), fresh)
	case v.standing.Refused && v.info == nil:
		return failed(fmt.Sprintf("access key %s was deleted: account %s has no such key", v.id, s.Account), fresh)
	case v.standing.Refused && !v.info.Active:
		return failed(fmt.Sprintf("access key %s of user %s is inactive", v.id, v.info.UserName),
			"to use it again: "+by.AWS("iam", "update-access-key", "--user-name", v.info.UserName, "--access-key-id", v.id, "--status", "Active"), fresh)
	case v.standing.Refused:
		return finding{state: Failed, pending: true, reason: fmt.Sprintf("AWS does not accept access key %s yet, which IAM says is active: new keys take some seconds", v.id), hints: []string{"run it again; --wait does"}}
	}
	whose, err := arn.Parse(v.standing.ARN)
	if err != nil || whose.AccountID != s.Account {
		return failed(fmt.Sprintf("access key %s is of account %s (%s), and --account is %s", v.id, whose.AccountID, v.standing.ARN, s.Account), fresh)
	}
	return ok(fmt.Sprintf("access key %s is %s", v.id, v.standing.ARN))
}
