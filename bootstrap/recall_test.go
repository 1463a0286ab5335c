package bootstrap

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// made is the record after these ups, the last one last.
func made(ups ...Recorded) *Recorded {
	var last *Recorded
	for _, up := range ups {
		s := Settings{Account: up.Account}.AsRecorded(up)
		for _, m := range s.names(s.RoleName, s.OIDCIssuer, "") {
			if m.Kind != plan.Secret || len(up.SecretNames) > 0 {
				up.Made = append(up.Made, m)
			}
		}
		next := up.follow(last)
		last = &next
	}
	return last
}

func TestRecall(t *testing.T) {
	t.Parallel()
	owner := iamsetup.Owner{Cluster: "0a1b2c3d-1", Namespace: "gen3"}
	record := made(
		Recorded{Account: "2", UserName: "elsewhere"},
		Recorded{Account: "1", PolicyName: "p", IAMPath: "/x/", RoleName: "r", ServiceAccount: "sa", OIDCIssuer: "https://i"},
		Recorded{Account: "1", PolicyName: "p", IAMPath: "/x/", UserName: "u", SecretNames: []string{"a", "b"}, Release: "eso", ReleaseNamespace: "ops"},
	)
	who := func(issuer, account string) []role.Trusted {
		return []role.Trusted{{Issuer: issuer, Subject: "system:serviceaccount:gen3:" + account}}
	}
	defaults := Names{
		Policies: []PolicyName{{"/", DefaultPolicyName}}, Users: []string{DefaultUserName},
		Secrets: []string{"external-secrets-user-secret", "gen3-aws-config"},
		Roles:   []RoleName{{"external-secrets-gen3-0a1b2c3d", who("", DefaultServiceAccount)}},
		Releases: []ReleaseName{{
			DefaultReleaseNamespace, DefaultRelease,
		}},
	}
	fromRecord := Names{
		Policies: []PolicyName{{"/x/", "p"}}, Users: []string{"u"}, Secrets: []string{"a", "b"},
		Roles: []RoleName{{"r", who("https://i", "sa")}}, Issuers: []string{"https://i"}, Releases: []ReleaseName{{"ops", "eso"}},
	}
	given := fromRecord
	given.Users, given.Policies, given.Secrets = []string{"me"}, []PolicyName{{"/y/", "p"}}, []string{"mine"}
	for name, test := range map[string]struct {
		settings Settings
		record   *Recorded
		want     Names
	}{
		"no record":             {Settings{Account: "1"}, nil, defaults},
		"record":                {Settings{Account: "1"}, record, fromRecord},
		"flags win":             {Settings{Account: "1", UserName: "me", IAMPath: "/y/", SecretNames: []string{"mine"}}, record, given},
		"record of elsewhere":   {Settings{Account: "3"}, record, Names{}},
		"record names no user":  {Settings{Account: "1"}, made(Recorded{Account: "1", Release: "eso", ReleaseNamespace: "ops"}), Names{Releases: []ReleaseName{{"ops", "eso"}}}},
		"given beside a record": {Settings{Account: "1", RoleName: "x"}, &Recorded{Account: "1"}, Names{Roles: []RoleName{{"x", who("", DefaultServiceAccount)}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.settings.Recall(test.record, owner)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(Names{}, PolicyName{}, RoleName{}, ReleaseName{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAsRecorded(t *testing.T) {
	t.Parallel()
	got := Settings{Region: "r", SecretPrefixes: []string{"mine"}}.AsRecorded(Recorded{
		IRSA: true, PolicyName: "p", RoleName: "r", OIDCIssuer: "https://i", SecretPrefixes: []string{"theirs"}, ReadNames: []string{"n"}, PushNames: []string{"m"}, KMSKeys: []string{"k"}, AllowPush: true,
	})
	want := Settings{
		Region: "r", IRSA: true, PolicyName: "p", RoleName: "r", OIDCIssuer: "https://i", SecretPrefixes: []string{"mine"}, ReadNames: []string{"n"}, PushNames: []string{"m"}, KMSKeys: []string{"k"}, AllowPush: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMisses: what the operator will not read is told, as far as the record knows.
func TestMisses(t *testing.T) {
	t.Parallel()
	names := []string{"demo-a", "b"}
	for name, c := range map[string]struct {
		last *Recorded
		want []string // part of each
	}{
		"no record":      {},
		"all is allowed": {last: &Recorded{Account: "1", Region: "r"}},
		"by prefix":      {last: &Recorded{Account: "1", Region: "r", SecretPrefixes: []string{"demo-"}}, want: []string{"does not let the operator read b: run up"}},
		"by name":        {last: &Recorded{Account: "1", Region: "r", ReadNames: []string{"b", "demo"}}, want: []string{"does not let the operator read demo-a: run up"}},
		"by both":        {last: &Recorded{Account: "1", Region: "r", ReadNames: []string{"b"}, SecretPrefixes: []string{"demo-"}}},
		"another region": {last: &Recorded{Account: "1", Region: "s"}, want: []string{"was for region s of account 1: the operator reads its secrets there, and not in region r"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := Target{Settings: Settings{Account: "1", Region: "r", Namespace: "gen3"}, Last: c.last}
			got := target.Misses(names)
			if len(got) != len(c.want) {
				t.Fatalf("%q", got)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i].Message, want) {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
		})
	}
}

// TestLastUpKeepsWhatWasGiven: an up that a message advises must not take back what the last one was given.
func TestLastUpKeepsWhatWasGiven(t *testing.T) {
	t.Parallel()
	base := Settings{Account: "111122223333", Region: "us-east-1", Namespace: "gen3"}.Named()
	const target = "--account 111122223333 --region us-east-1 -n gen3"
	for want, change := range map[string]func(*Settings){
		"gen3-bootstrap up " + target: func(*Settings) {},
		"gen3-bootstrap up " + target + " --irsa --secret-prefix a- --secret-prefix b- --role-name r": func(s *Settings) {
			s.IRSA, s.RoleName, s.SecretPrefixes = true, "r", []string{"a-", "b-"}
		},
		"gen3-bootstrap up " + target + " --user-name es --kms-key k --allow-push --secret-name x": func(s *Settings) {
			s.AllowPush, s.UserName, s.KMSKeys, s.SecretNames = true, "es", []string{"k"}, []string{"x"}
		},
		"gen3-bootstrap up " + target + " --secret-names-from-values --gen3-version VERSION --gen3-values VALUES.yaml": func(s *Settings) {
			s.ReadNames = []string{"fence-config"}
		},
		"gen3-bootstrap up " + target + " --secret-names-from-values --gen3-version 0.3.90 --gen3-values a.yaml --gen3-values b.yaml": func(s *Settings) {
			s.ReadNames, s.Gen3Version, s.Gen3Values = []string{"fence-config"}, "0.3.90", []string{"a.yaml", "b.yaml"}
		},
		"gen3-bootstrap up " + target + " --use-global-user": func(s *Settings) {
			s.UseGlobalUser, s.SkipHelm = true, true // which is for one run
		},
	} {
		s := base
		change(&s)
		if got := s.LastUp().Command("up"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	s := base
	s.SecretPrefixes = []string{"a-"}
	if got := s.LastUp().Command("up", "--secret-prefix", "b-"); got != "gen3-bootstrap up --secret-prefix b- "+target {
		t.Errorf("what the command says itself is repeated: %s", got)
	}
}
