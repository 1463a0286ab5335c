package bootstrap

import (
	"strings"
	"testing"
)

func TestLeftovers(t *testing.T) {
	keys := Recorded{Account: "1", PolicyName: "p", UserName: "u", SecretNames: []string{"u-secret", ChartSecretName}}
	role := Recorded{Account: "1", PolicyName: "p", RoleName: "r"}
	elsewhere := Recorded{Account: "2", UserName: "other"}
	after := func(last Recorded, earlier ...Recorded) *Recorded {
		last.Earlier = earlier
		return &last
	}
	for name, c := range map[string]struct {
		before *Recorded
		now    Settings
		want   []string
	}{
		"nothing recorded":        {nil, Settings{IRSA: true}, nil},
		"the same mode":           {after(keys), Settings{PolicyName: "p", UserName: "u"}, nil},
		"keys, then IRSA":         {after(keys), Settings{IRSA: true, PolicyName: "p"}, []string{"IAM user u with its access key"}},
		"IRSA again":              {after(role, keys), Settings{IRSA: true, PolicyName: "p", RoleName: "r"}, []string{"IAM user u with its access key"}},
		"IRSA, then keys":         {after(role), Settings{PolicyName: "p"}, []string{"IAM role r"}},
		"keys, then global user":  {after(keys), Settings{UseGlobalUser: true, GlobalUserSecret: "own"}, []string{"IAM user u with its access key", "IAM policy p"}},
		"other names":             {after(keys, role), Settings{PolicyName: "p2", UserName: "u2"}, []string{"IAM user u with its access key", "IAM role r", "IAM policy p"}},
		"another role":            {after(role), Settings{IRSA: true, PolicyName: "p", RoleName: "r2"}, []string{"IAM role r"}},
		"the default role again":  {after(role), Settings{IRSA: true, PolicyName: "p", RoleName: "external-secrets-gen3-0a1b2c3d"}, []string{"IAM role r"}},
		"in another account only": {after(elsewhere), Settings{IRSA: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.now.Account = "1"
			got := leftovers(c.before, c.now)
			if len(got) != len(c.want) {
				t.Fatalf("got %q", got)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) || !strings.Contains(got[i], "gen3-bootstrap teardown --only ") {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
	got := leftovers(after(keys), Settings{Account: "1", Namespace: "gen3", UseGlobalUser: true, GlobalUserSecret: ChartSecretName})
	if len(got) != 2 || !strings.Contains(got[0], "Secrets gen3/u-secret, gen3/gen3-aws-config that hold that key; put the global user's key into gen3/gen3-aws-config before") {
		t.Errorf("a Secret of both modes: %q", got)
	}
}
