package writing_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// TestMeanwhile: what changes between the plan and its writes is never written over, and what came to be the same is good.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	over := writing.Options{Overwrite: []string{"db"}}
	set := func(value string) func(*testing.T, vault) {
		return func(t *testing.T, v vault) {
			t.Helper()
			_, err := v.api.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String("db"), SecretString: &value})
			iamtest.Check(t, err)
		}
	}
	for name, c := range map[string]struct {
		before, meanwhile func(*testing.T, vault)
		options           writing.Options
		fails, value      string
	}{
		"created with something else":          {meanwhile: held(`{"password":"theirs"}`, nil), fails: "changed since the plan was made", value: `{"password":"theirs"}`},
		"created with something else, allowed": {meanwhile: held(`{"password":"theirs"}`, ours()), options: over, fails: "changed since", value: `{"password":"theirs"}`},
		"created with the same":                {meanwhile: held(`{"password":"new"}`, nil), value: `{"password":"new"}`},
		"written over":                         {before: held(`{"password":"old"}`, ours()), meanwhile: set(`{"password":"theirs"}`), options: over, fails: "changed since", value: `{"password":"theirs"}`},
		"made the same":                        {before: held(`{"password":"old"}`, ours()), meanwhile: set(`{"password":"new"}`), options: over, value: `{"password":"new"}`},
		"given another property":               {before: held(`{"a":"1"}`, ours()), meanwhile: set(`{"a":"1","b":"2"}`), value: `{"a":"1","b":"2","password":"new"}`},
		"deleted": {before: held(`{"password":"old"}`, ours()), options: over, fails: "scheduled for deletion", meanwhile: func(t *testing.T, v vault) {
			t.Helper()
			_, err := v.api.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("db")})
			iamtest.Check(t, err)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			if c.before != nil {
				c.before(t, v)
			}
			u := v.up(c.options, object("password", "new"))
			_, err := u.Observe(t.Context())
			iamtest.Check(t, err)
			c.meanwhile(t, v)
			err = u.Apply(t.Context(), event.Discard)
			if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v", err)
			}
			if c.value != "" && v.value(t, "db") != c.value {
				t.Errorf("it holds %s", v.value(t, "db"))
			}
		})
	}
}

// TestAfter: what holds a part of another secret is written when that one is, and not when something else came to be there meanwhile.
func TestAfter(t *testing.T) {
	t.Parallel()
	second := writing.Item{Name: "job", Text: redact.New("new"), Keep: true, After: []string{"db"}}
	for name, c := range map[string]struct {
		meanwhile string
		fault     awsfake.Fault
		fails     string
	}{
		"in order":           {},
		"the first is taken": {meanwhile: "theirs", fails: "job of Secrets Manager: it is not written, since db is not"},
		"even with the same": {meanwhile: "new", fails: "changed since the plan was made"},
		"the first is lost":  {fault: awsfake.Fault{Action: "CreateSecret", N: 1, Kind: awsfake.LostReply}},
		"the first fails":    {fault: awsfake.Fault{Action: "CreateSecret", N: 1, Kind: awsfake.AccessDenied}, fails: "job of Secrets Manager: it is not written, since db is not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			u := v.up(writing.Options{}, second, keep("new"))
			_, err := u.Observe(t.Context())
			iamtest.Check(t, err)
			if c.meanwhile != "" {
				v.add(t, "db", c.meanwhile, nil)
			}
			if c.fault.Action != "" {
				defer v.srv.Fault(c.fault)()
			}
			before := len(v.srv.Writes())
			err = u.Apply(t.Context(), event.Discard)
			if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v", err)
			}
			var names []string
			for _, w := range v.srv.Writes()[before:] {
				names = append(names, w.Name())
			}
			if c.fails == "" && (v.value(t, "db") != "new" || v.value(t, "job") != "new") {
				t.Errorf("%s, %s after %q", v.value(t, "db"), v.value(t, "job"), names)
			}
			if c.fails != "" && v.value(t, "job") == "new" {
				t.Errorf("written: %q", names)
			}
		})
	}
}

// TestAfterWhatCameToBe: an item takes a part of another one that was missing when it was made. If that is there by now, with something
// else, the two would not fit.
func TestAfterWhatCameToBe(t *testing.T) {
	t.Parallel()
	v := open(t)
	v.add(t, "db", "theirs", nil)
	second := writing.Item{Name: "job", Text: redact.New("new"), Keep: true, After: []string{"db"}}
	changes, err := v.up(writing.Options{}, second, keep("new")).Observe(t.Context())
	iamtest.Check(t, err)
	if blocked := plan.BlockedIn(changes); len(blocked) != 1 || blocked[0].Resource.Name != "job" || !strings.Contains(blocked[0].Reason, "db, of which it holds a part, came to be there") {
		t.Errorf("%+v", changes)
	}
}

// TestTakes: no password of another namespace's secret goes into a new one.
func TestTakes(t *testing.T) {
	t.Parallel()
	second := writing.Item{Name: "job", Text: redact.New("new"), Keep: true, Takes: []string{"users"}}
	others := iamtest.Owner("c1", "other").Marks(nil)
	for name, c := range map[string]struct {
		tags    map[string]string
		blocked bool
	}{
		"ours":             {tags: ours()},
		"made by hand":     {},
		"another's":        {tags: others, blocked: true},
		"shared with ours": {tags: iamtest.Owner("c1", "other").Marks(ours())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			v.add(t, "users", "theirs", c.tags)
			changes, err := v.up(writing.Options{}, second, writing.Item{Name: "users", Keep: true}).Observe(t.Context())
			iamtest.Check(t, err)
			blocked := plan.BlockedIn(changes)
			if (len(blocked) == 1) != c.blocked || c.blocked && !strings.Contains(blocked[0].Reason, "a password of secret users, which is that of another namespace") {
				t.Errorf("%+v", changes)
			}
		})
	}
}

// TestTheSameTwice: two runs, of which each planned to create the secret, both end well where they write the same, and the later one
// refuses where not. And a value that comes back after another one is written, although a version of it is there.
func TestTheSameTwice(t *testing.T) {
	t.Parallel()
	v := open(t)
	over := writing.Options{Overwrite: []string{"db"}}
	late := v.up(writing.Options{}, whole("db", "a"))
	_, err := late.Observe(t.Context())
	iamtest.Check(t, err)
	created := make(chan error, 1)
	remove := v.srv.Fault(awsfake.Fault{Action: "CreateSecret", N: 1, Times: 1, Kind: awsfake.Hook, Hook: func(phase awsfake.Phase, _ awsfake.Call) {
		if phase == awsfake.Before {
			_, err := v.api.CreateSecret(context.WithoutCancel(t.Context()), &secretsmanager.CreateSecretInput{Name: aws.String("db"), SecretString: aws.String("a")})
			created <- err
		}
	}})
	iamtest.Check(t, late.Apply(t.Context(), event.Discard))
	iamtest.Check(t, <-created)
	remove()
	for _, text := range []string{"b", "a", "b", "b"} {
		_, err := run(t, v.up(over, whole("db", text)))
		iamtest.Check(t, err)
		if got := v.value(t, "db"); got != text {
			t.Errorf("%s after %s", got, text)
		}
	}
}

// TestLostAnswers: a write that had its effect, and whose answer never came, is found to be done: within the run where AWS answers again,
// and by the next run where not. The same write is never made twice.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, vault)
		options writing.Options
		action  string
	}{
		"create":  {action: "CreateSecret"},
		"put":     {prepare: held(`{"password":"old"}`, ours()), options: writing.Options{Overwrite: []string{"db"}}, action: "PutSecretValue"},
		"tag":     {prepare: held(`{"password":"new"}`, map[string]string{"managed-by": "gen3-bootstrap"}), action: "TagResource"},
		"restore": {prepare: deleted(`{"password":"new"}`, ours()), options: writing.Options{Restore: true}, action: "RestoreSecret"},
	} {
		for kind, fault := range map[string]awsfake.Fault{"lost": {Kind: awsfake.LostReply, N: 1}, "lost as a fault": {Kind: awsfake.LostReply5xx, N: 1}, "all lost": {Kind: awsfake.LostReply}, "denied": {Kind: awsfake.AccessDenied}} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				v := open(t)
				if c.prepare != nil {
					c.prepare(t, v)
				}
				fault.Action = c.action
				remove := v.srv.Fault(fault)
				_, err := run(t, v.up(c.options, object("password", "new")))
				if (err != nil) != (kind == "denied" || kind == "all lost" && c.action == "RestoreSecret") {
					t.Errorf("%v", err)
				}
				remove()
				_, err = run(t, v.up(c.options, object("password", "new")))
				iamtest.Check(t, err)
				if got := v.value(t, "db"); got != `{"password":"new"}` {
					t.Errorf("it holds %s", got)
				}
				before, err := v.api.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("db"), VersionStage: aws.String("AWSPREVIOUS")})
				if err == nil && *before.SecretString == `{"password":"new"}` {
					t.Error("it was written twice")
				}
			})
		}
	}
}

// TestRights: what the caller may not do is told, before anything is written where that can be known.
func TestRights(t *testing.T) {
	t.Parallel()
	for denied, c := range map[string]struct {
		value string
		says  string
	}{
		"secretsmanager:GetSecretValue": {"", "nobody can tell whether it is there"},
		"secretsmanager:DescribeSecret": {`{"password":"old"}`, "nobody can tell whose it is"},
		"secretsmanager:CreateSecret":   {"", "create secret db of Secrets Manager"},
		"secretsmanager:PutSecretValue": {`{"a":"b"}`, "put a value into secret db of Secrets Manager"},
		"kms:Decrypt":                   {cmk, "may not be decrypted"},
		"kms:GenerateDataKey":           {"", "KMS"},
	} {
		t.Run(denied, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			if c.value != "" {
				key := ""
				if c.value == cmk {
					key = cmk
				}
				_, err := v.srv.AddSecret(region, "db", c.value, key, ours())
				iamtest.Check(t, err)
			}
			defer v.srv.Deny(denied)()
			_, err := run(t, v.up(writing.Options{KMSKey: cmk}, object("password", "new")))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
			if strings.HasPrefix(denied, "kms") && !strings.Contains(hint.Of(err), denied) {
				t.Errorf("hint %q", hint.Of(err))
			}
		})
	}
}

// TestNothingIsBegunWithoutTheLock, nor after the run has ended.
func TestNothingIsBegunWithoutTheLock(t *testing.T) {
	t.Parallel()
	v := open(t)
	lost := errors.New("the lock was lost")
	u := v.up(writing.Options{}, whole("db", "a"))
	u.Guard = func() error { return lost }
	if _, err := run(t, u); !errors.Is(err, lost) || len(v.srv.Writes()) > 0 {
		t.Errorf("%v, %v", err, v.srv.Writes())
	}
}

// TestAnInterruptedCallEnds: what was sent when the run is interrupted is waited for, so that the run knows what it did.
func TestAnInterruptedCallEnds(t *testing.T) {
	t.Parallel()
	v := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer v.srv.Fault(awsfake.Fault{Action: "CreateSecret", N: 1, Kind: awsfake.Hook, Hook: func(awsfake.Phase, awsfake.Call) { cancel() }})()
	u := v.up(writing.Options{}, whole("db", "a"))
	_, err := u.Observe(ctx)
	iamtest.Check(t, err)
	var emitted int
	if err := u.Apply(ctx, event.SinkFunc(func(event.Event) { emitted++ })); err != nil || emitted != 1 {
		t.Errorf("%v, %d", err, emitted)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	items := []writing.Item{whole("a", ""), whole("b", "")}
	got, err := writing.Options{Only: []string{"b"}, Overwrite: []string{"a"}}.Choose(items)
	if err != nil || len(got) != 1 || got[0].Name != "b" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = writing.Options{Only: []string{"x"}, Overwrite: []string{"y"}}.Choose(items)
	if err == nil || !strings.Contains(err.Error(), "--only x") || !strings.Contains(err.Error(), "--overwrite y") {
		t.Errorf("%v", err)
	}
}
