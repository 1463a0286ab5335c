package report_test

import (
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/verify"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/report"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	r := verify.Result{
		Account: "111122223333", Region: "us-east-1", Namespace: "gen3", Mode: "keys",
		Layers: []verify.Layer{
			{Name: verify.SecretLayer, State: verify.OK, Reason: "gen3/gen3-aws-config: access key AKIAIOSFODNN7EXAMPLE"},
			{Name: verify.KeyLayer, State: verify.Failed, Reason: "it is inactive", Hints: []string{"one", "two"}},
			{Name: verify.PermissionLayer, State: verify.NotTried, Reason: "not tried: access-key failed"},
			{Name: verify.StoreLayer, State: verify.Warning, Reason: "1 object of 2 not well", Objects: []verify.Object{
				{Kind: "SecretStore", Name: "well", State: verify.OK, Reason: "fine"},
				{Kind: "SecretStore", Name: "e\x1b[31mvil", State: verify.Warning, Reason: "odd\nlayer ok", Hints: []string{"three"}},
			}},
		},
	}
	var b strings.Builder
	if err := report.Verify(&b, report.Page{}, r); err != nil {
		t.Fatal(err)
	}
	want := `account 111122223333, region us-east-1, cluster , namespace gen3, mode keys

  = secret            gen3/gen3-aws-config: access key AKIAIOSFODNN7EXAMPLE
  ! access-key        it is inactive
hint: one
hint: two
  ? permission        not tried: access-key failed
  ~ store             1 object of 2 not well
      ~ SecretStore e\x1b[31mvil: odd\nlayer ok
hint: three

verify: failed at access-key
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
