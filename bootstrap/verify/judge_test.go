package verify

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/helminstall"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/accesskey"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/role"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/webhook"
)

const (
	userARN = "arn:aws:iam::111122223333:user/es"
	keyID   = "AKIAIOSFODNN7EXAMPLE"
)

// row is one situation of one layer.
type row struct {
	got   finding
	state State
	words string
}

func judged(t *testing.T, rows map[string]row) {
	t.Helper()
	for name, r := range rows {
		text := r.got.reason + "\n" + strings.Join(r.got.hints, "\n")
		if r.got.state != r.state || !strings.Contains(text, r.words) {
			t.Errorf("%s: %s: %s", name, r.got.state, text)
		}
	}
}

func TestWalkTellsOneFaultOnce(t *testing.T) {
	t.Parallel()
	is := func(f finding) func(context.Context) finding { return func(context.Context) finding { return f } }
	var states []string
	walk(t.Context(), []layer{
		{"a", nil, is(failed("x"))},
		{"b", []string{"a"}, is(ok(""))},
		{"c", []string{"b"}, is(ok(""))},
		{"d", nil, is(warning(""))},
		{"e", []string{"d"}, is(ok(""))},
	}, func(name string, f finding) { states = append(states, name+" "+string(f.state)+f.on) })
	if want := []string{"a failed", "b not-trieda", "c not-trieda", "d warning", "e ok"}; !slices.Equal(states, want) {
		t.Errorf("got %q", states)
	}
}

func TestJudgeCluster(t *testing.T) {
	t.Parallel()
	judged(t, map[string]row{
		"an operator is available":          {judgeOperator(helminstall.Running{Operators: []helminstall.Operator{{Available: true}}}, "", nil), OK, "available"},
		"its pods are not ready":            {judgeOperator(helminstall.Running{Trouble: "deployment/a/b: 0/1 available: ImagePullBackOff", Hint: "kubectl describe"}, "", nil), Failed, "ImagePullBackOff"},
		"nobody may look elsewhere":         {judgeOperator(helminstall.Running{}, "Deployments may not be listed", nil), Warning, "not known"},
		"none":                              {judgeOperator(helminstall.Running{}, "", nil), Failed, "gen3-bootstrap up"},
		"no webhook is configured":          {judgeWebhook(webhook.Answer{State: webhook.None}, nil), OK, ""},
		"something else refuses":            {judgeWebhook(webhook.Answer{State: webhook.Unknown, Cause: "quota"}, nil), Warning, "quota"},
		"no API":                            {judgeAPI(nil, nil, "", nil), Failed, "serves no SecretStores"},
		"both are served":                   {judgeAPI([]string{"v1", "v1beta1"}, nil, "0.3.60", nil), OK, "v1beta1"},
		"an installed chart is too old":     {judgeAPI([]string{"v1"}, &gen3.Release{Name: "g", Version: "0.3.60", APIs: []string{"v1beta1"}}, "", nil), Failed, "0.16.2"},
		"nobody knows which chart it'll be": {judgeAPI([]string{"v1beta1"}, nil, "", nil), Warning, gen3.Newest},
	})
}

func TestJudgeCredentials(t *testing.T) {
	t.Parallel()
	key := credential.Key{ID: keyID, Secret: redact.New("half")}
	good := credential.Held{Name: "n/a", Exists: true, Key: key, Complete: true}
	other := good
	other.Name, other.Key = "n/b", credential.Key{ID: keyID, Secret: redact.New("another")}
	fileless := credential.Held{Name: "n/a", Exists: true, Key: key, Lacks: []string{"credentials"}}
	s := bootstrap.Settings{Account: "111122223333"}
	of := func(v keyView) finding { v.id = keyID; return judgeKey(v, s, nil) }
	entry := func(e reading.Entry, why string) finding {
		return judgeRole(reading.Session{Entry: e, Says: "AccessDenied: no"}, "arn:aws:iam::111122223333:role/r", role.Trusted{Issuer: "https://i", Subject: "sub"}, why, nil)
	}
	judged(t, map[string]row{
		"Secrets agree":                {judgeSecrets([]credential.Held{good, good}, false, nil), OK, keyID},
		"halves differ":                {judgeSecrets([]credential.Held{good, other}, false, nil), Failed, "n/b another one"},
		"no credentials file":          {judgeSecrets([]credential.Held{fileless}, false, nil), Failed, "credentials"},
		"none of a global user":        {judgeSecrets([]credential.Held{fileless}, true, nil), Warning, "fence usersync"},
		"an accepted key":              {of(keyView{standing: accesskey.Standing{ARN: userARN}}), OK, userARN},
		"of another account":           {of(keyView{standing: accesskey.Standing{ARN: "arn:aws:iam::999999999999:user/es"}}), Failed, "account 999999999999"},
		"deleted":                      {of(keyView{standing: accesskey.Standing{Refused: true}}), Failed, "was deleted"},
		"inactive":                     {of(keyView{standing: accesskey.Standing{Refused: true}, info: &accesskey.Info{UserName: "es"}}), Failed, "--status Active"},
		"young":                        {of(keyView{standing: accesskey.Standing{Refused: true}, info: &accesskey.Info{UserName: "es", Active: true}}), Failed, "--wait"},
		"refused, and IAM is not open": {of(keyView{standing: accesskey.Standing{Refused: true}, unread: true}), Failed, "deleted, or is inactive"},
		"let in":                       {entry(reading.LetIn, ""), OK, "takes role"},
		"not trusted":                  {entry(reading.NotTrusted, "there is no IAM role r"), Failed, "there is no IAM role r"},
		"not trusted, nobody says why": {entry(reading.NotTrusted, ""), Failed, "AccessDenied: no"},
		"no provider":                  {entry(reading.NoProvider, ""), Failed, "--create-oidc-provider"},
		"a private issuer":             {entry(reading.Unproved, ""), Failed, "--oidc-issuer"},
	})
}

func TestJudgePermission(t *testing.T) {
	t.Parallel()
	answer := func(p purpose, name string, state reading.State) trial {
		return trial{purpose: p, name: name, answer: reading.Answer{Name: name, State: state, Says: "says"}}
	}
	const policy = "arn:aws:iam::111122223333:policy/p"
	attached := &principal.Rights{Attached: []string{policy}, Boundary: "arn:aws:iam::111122223333:policy/b"}
	judge := func(d denial, trials ...trial) finding {
		d.who = userARN
		return judgePermission(trials, deniedIn(trials), d, nil)
	}
	none := iamsetup.FromNothing
	denied := answer(required, "fence-config", reading.Denied)
	judged(t, map[string]row{
		"a name that nobody has":        {judge(denial{}, answer(probe, "x", reading.Missing)), OK, "may read secrets"},
		"the canary is read":            {judge(denial{}, answer(canary, "c", reading.Readable)), OK, "canary c"},
		"the canary is missing":         {judge(denial{}, answer(canary, "c", reading.Missing)), Warning, "--canary"},
		"AWS's servers lag":             {judge(denial{}, answer(probe, "x", reading.KeyRefused)), Failed, "STS does"},
		"detached":                      {judge(denial{origin: none, policy: policy, rights: &principal.Rights{}}, answer(probe, "x", reading.Denied)), Failed, "may not read secrets: policy " + policy},
		"outside of the prefix":         {judge(denial{origin: none, policy: policy, rights: attached, prefixes: []string{"demo-"}}, denied), Failed, "--secret-prefix demo- --secret-prefix fence-config"},
		"boundary":                      {judge(denial{origin: iamsetup.FromBoundary, policy: policy, rights: attached}, denied), Failed, "boundary " + attached.Boundary},
		"organisation":                  {judge(denial{origin: iamsetup.FromOrganization}, denied), Failed, "organisation"},
		"the secret's own policy":       {judge(denial{origin: iamsetup.FromResource}, denied), Failed, "resource itself"},
		"a user that others keep":       {judge(denial{origin: none}, denied), Failed, "whoever keeps the user"},
		"single secrets may be read":    {judge(denial{origin: none}, answer(probe, "x", reading.Denied), answer(required, "a", reading.Readable)), OK, ""},
		"no key is in the way":          {judgeKMS(userARN, nil, nil, nil, nil), OK, ""},
		"a key that nobody may look up": {judgeKMS(userARN, []string{"s"}, nil, nil, nil), Failed, "describe-secret"},
		"a key":                         {judgeKMS(userARN, []string{"s"}, []string{"arn:k"}, []string{"arn:j"}, nil), Failed, "--kms-key arn:j --kms-key arn:k"},
		"a key that is allowed":         {judgeKMS(userARN, []string{"s"}, []string{"arn:k"}, []string{"arn:k"}, nil), Failed, "may be disabled"},
	})
}
