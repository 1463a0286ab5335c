package writing_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

const (
	region = "us-east-1"
	cmk    = "arn:aws:kms:us-east-1:" + iamtest.AccountID + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// vault is an account, and what is written into its Secrets Manager.
type vault struct {
	srv *awsfake.Server
	aws *iamsetup.AWS
	api *secretsmanager.Client
}

func open(t *testing.T) vault {
	t.Helper()
	srv := awsfake.Start(t, awsfake.WithAccount(iamtest.AccountID))
	a := iamtest.At(t, srv.URL())
	return vault{srv, a, secretsmanager.NewFromConfig(a.OwnConfig())}
}

func (v vault) up(o writing.Options, items ...writing.Item) *writing.Up {
	owner := iamtest.Owner("c1", "gen3")
	return &writing.Up{AWS: v.aws, Owner: owner, Marks: owner.Marks(map[string]string{"team": "gen3"}), Items: items, Options: o, Guard: func() error { return nil }, Now: time.Now}
}

func (v vault) add(t *testing.T, name, value string, tags map[string]string) {
	t.Helper()
	_, err := v.srv.AddSecret(region, name, value, "", tags)
	iamtest.Check(t, err)
}

// ours are the tags of what this tool made for the same owner.
func ours() map[string]string {
	return iamtest.Owner("c1", "gen3").Marks(map[string]string{"team": "gen3"})
}

func (v vault) value(t *testing.T, name string) string {
	t.Helper()
	out, err := v.api.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return err.Error()
	}
	if out.SecretString == nil {
		return "bytes: " + string(out.SecretBinary)
	}
	return *out.SecretString
}

func whole(name, text string) writing.Item { return writing.Item{Name: name, Text: redact.New(text)} }

func object(pairs ...string) writing.Item {
	i := writing.Item{Name: "db", Properties: map[string]redact.String{}, From: "Secret db"}
	for pair := range slices.Chunk(pairs, 2) {
		i.Properties[pair[0]] = redact.New(pair[1])
	}
	return i
}

func keep(text string) writing.Item {
	return writing.Item{Name: "db", Text: redact.New(text), Keep: true}
}

// run observes, and applies unless something is in the way, as a command does.
func run(t *testing.T, u *writing.Up) (c plan.Change, err error) {
	t.Helper()
	changes, err := u.Observe(t.Context())
	if err != nil || len(changes) != 1 {
		t.Fatalf("%v, %v", changes, err)
	}
	if blocked := plan.BlockedIn(changes); len(blocked) > 0 {
		return changes[0], hint.Blocked(blocked[0])
	}
	return changes[0], u.Apply(t.Context(), event.Discard)
}

// TestSituations: each state that a secret can be in, what the plan says of it, and what is in it afterwards. The values all have a mark
// that no text may show.
func TestSituations(t *testing.T) {
	t.Parallel()
	const has = `{"password":"v-old","port":5432,"extra":"v-extra"}`
	theirs := map[string]string{"managed-by": "terraform"}
	pushed := map[string]string{"managed-by": "external-secrets"}
	others := iamtest.Owner("c1", "other").Marks(nil)
	shared := iamtest.Owner("c1", "other").Marks(ours())
	db := object("password", "v-new")
	over := writing.Options{Overwrite: []string{"db"}}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, v vault)
		item    writing.Item
		options writing.Options
		action  plan.Action
		says    string // part of the reason or of the error
		value   string
		fails   string // part of what applying ends in; the plan was good
	}{
		"absent, whole":             {item: whole("db", "v-new"), action: plan.Create, says: "does not exist", value: "v-new"},
		"absent, properties":        {item: object("b.json", "v-<&>", "a", "v-new"), action: plan.Create, says: "from Secret db", value: `{"a":"v-new","b.json":"v-<&>"}`},
		"equal, ours":               {prepare: held("v-new", ours()), item: whole("db", "v-new"), action: plan.None, says: "up to date", value: "v-new"},
		"equal, somebody's":         {prepare: held("v-new", theirs), item: whole("db", "v-new"), action: plan.None, says: "not created by gen3-bootstrap", value: "v-new"},
		"equal, the operator's":     {prepare: held("v-new", pushed), item: whole("db", "v-new"), action: plan.None, says: "External Secrets Operator", value: "v-new"},
		"equal, ours without a tag": {prepare: held("v-new", map[string]string{"managed-by": "gen3-bootstrap"}), item: whole("db", "v-new"), action: plan.Update, says: "tags are missing: gen3-bootstrap/owner/c1/gen3, team", value: "v-new"},
		"equal as a number":         {prepare: held(has, theirs), item: object("port", "5432"), action: plan.None, value: has},
		"equal in bytes":            {prepare: bytes("v-new"), item: whole("db", "v-new"), action: plan.None, value: "bytes: v-new"},
		"other bytes":               {prepare: bytes("v-old"), item: whole("db", "v-new"), action: plan.Blocked, says: "something else, as bytes", value: "bytes: v-old"},
		"differs":                   {prepare: held(has, ours()), item: db, action: plan.Blocked, says: "differs in property password", value: has},
		"differs in two":            {prepare: held(has, ours()), item: object("password", "v-new", "port", "1"), action: plan.Blocked, says: "properties password, port", value: has},
		"differs, somebody's":       {prepare: held(has, theirs), item: db, action: plan.Blocked, says: "not created by gen3-bootstrap; it differs in property password", value: has},
		"differs, the operator's":   {prepare: held(has, pushed), item: db, options: over, action: plan.Blocked, says: "belongs to External Secrets Operator", value: has},
		"overwritten":               {prepare: held(has, ours()), item: db, options: over, action: plan.Update, says: "differs in property password, and is written over", value: `{"extra":"v-extra","password":"v-new","port":5432}`},
		"overwritten, somebody's":   {prepare: held(has, theirs), item: db, options: over, action: plan.Update, value: `{"extra":"v-extra","password":"v-new","port":5432}`},
		"whole overwritten":         {prepare: held(has, ours()), item: whole("db", "v-new"), options: over, action: plan.Update, says: "a JSON object), and is written over", value: "v-new"},
		"no JSON":                   {prepare: held("v-text", ours()), item: db, action: plan.Blocked, says: "something else (no JSON)", value: "v-text"},
		"no object, overwritten":    {prepare: held("[1]", ours()), item: db, options: over, action: plan.Update, value: `{"password":"v-new"}`},
		"lacks, ours":               {prepare: held(`{"port":5432}`, ours()), item: db, action: plan.Update, says: "gets property password", value: `{"password":"v-new","port":5432}`},
		"lacks, somebody's":         {prepare: held(`{"port":5432}`, theirs), item: db, action: plan.Blocked, says: "lacks property password", value: `{"port":5432}`},
		"differs, another's":        {prepare: held(has, others), item: db, action: plan.Blocked, says: "it is that of c1/other (<cluster>/<namespace>); it differs in property password give this deployment a name of its own", value: has},
		"overwritten, another's":    {prepare: held(has, others), item: db, options: over, action: plan.Update, says: "it is that of c1/other", value: `{"extra":"v-extra","password":"v-new","port":5432}`},
		"lacks, another's":          {prepare: held(`{"port":5432}`, others), item: db, action: plan.Blocked, says: "it is that of c1/other (<cluster>/<namespace>); it lacks property password", value: `{"port":5432}`},
		"no value, another's":       {prepare: noValue(others), item: db, action: plan.Blocked, says: "it is that of c1/other"},
		"differs, shared":           {prepare: held(has, shared), item: db, action: plan.Blocked, says: "it is also that of c1/other", value: has},
		"equal, another's":          {prepare: held(`{"password":"v-new"}`, others), item: db, action: plan.Update, says: "tags are missing", value: `{"password":"v-new"}`},
		"kept, no value, another's": {prepare: noValue(others), item: keep("v-new"), action: plan.Blocked, says: "ask who made it"},
		"no value, ours":            {prepare: noValue(ours()), item: db, action: plan.Update, says: "no current value", value: `{"password":"v-new"}`},
		"no value, somebody's":      {prepare: noValue(theirs), item: db, action: plan.Blocked, says: "no current value"},
		"deleted":                   {prepare: deleted(has, ours()), item: db, action: plan.Blocked, says: "scheduled for deletion"},
		"deleted, another's":        {prepare: deleted(has, others), item: db, action: plan.Blocked, says: "it is that of c1/other (<cluster>/<namespace>); it is scheduled for deletion"},
		"deleted, restored, equal":  {prepare: deleted(has, ours()), item: object("password", "v-old"), options: writing.Options{Restore: true}, action: plan.Update, says: "taken back", value: has},
		"deleted, restored, lacks":  {prepare: deleted(`{"port":5432}`, ours()), item: db, options: writing.Options{Restore: true}, action: plan.Update, value: `{"password":"v-new","port":5432}`},
		"deleted, restored, differs": {
			prepare: deleted(has, ours()), item: db, options: writing.Options{Restore: true}, action: plan.Update, fails: "differs in property password (it was taken back", value: has,
		},
		"deleted, restored, differs, overwritten": {
			prepare: deleted(has, ours()), item: db, options: writing.Options{Restore: true, Overwrite: []string{"db"}}, action: plan.Update, fails: "taken back from deletion, and it differs", value: has,
		},
		"kept, absent":            {item: keep("v-new"), action: plan.Create, value: "v-new"},
		"kept, somebody's":        {prepare: held("v-old", theirs), item: keep("v-new"), action: plan.None, says: "is kept as it is", value: "v-old"},
		"kept, deleted":           {prepare: deleted("v-old", ours()), item: keep("v-new"), action: plan.Blocked, says: "--restore takes it back", value: ""},
		"kept, restored":          {prepare: deleted("v-old", ours()), item: keep(""), options: writing.Options{Restore: true}, action: plan.Update, says: "with what it holds", value: "v-old"},
		"kept, no value, ours":    {prepare: noValue(ours()), item: keep("v-new"), action: plan.Update, value: "v-new"},
		"kept, no value, foreign": {prepare: noValue(theirs), item: keep("v-new"), action: plan.Blocked, says: "ask who made it"},
		"too long":                {item: whole("db", strings.Repeat("v-new", 13108)), action: plan.Blocked, says: "65540 bytes"},
		"empty":                   {item: whole("db", ""), action: plan.Blocked, says: "is empty"},
		"no such name":            {item: whole("d b", "v-new"), action: plan.Blocked, says: "have that name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := open(t)
			if c.prepare != nil {
				c.prepare(t, v)
			}
			before := len(v.srv.Writes())
			change, err := run(t, v.up(c.options, c.item))
			text := change.Reason
			if err != nil {
				text = err.Error() + " " + hint.Of(err)
			}
			if change.Action != c.action || !strings.Contains(text, c.says+c.fails) || (err != nil) != (c.action == plan.Blocked || c.fails != "") {
				t.Errorf("%s: %s, %v", change.Action, text, err)
			}
			if strings.Contains(strings.ReplaceAll(fmt.Sprintf("%v %+v %#v", change, text, err), "gen3", ""), "v-") {
				t.Errorf("a value comes out: %s", text)
			}
			if c.value != "" && v.value(t, c.item.Name) != c.value {
				t.Errorf("it holds %s", v.value(t, c.item.Name))
			}
			if wrote := len(v.srv.Writes()) > before; wrote != (c.action == plan.Create || c.action == plan.Update) {
				t.Errorf("wrote: %v", wrote)
			}
			if c.fails != "" || c.action == plan.Blocked {
				return
			}
			before = len(v.srv.Writes())
			if change, err := run(t, v.up(c.options, c.item)); err != nil || change.Action != plan.None || len(v.srv.Writes()) > before {
				t.Errorf("again: %+v, %v", change, err)
			}
		})
	}
}

func held(value string, tags map[string]string) func(*testing.T, vault) {
	return func(t *testing.T, v vault) { t.Helper(); v.add(t, "db", value, tags) }
}

func deleted(value string, tags map[string]string) func(*testing.T, vault) {
	return func(t *testing.T, v vault) {
		t.Helper()
		v.add(t, "db", value, tags)
		_, err := v.api.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("db")})
		iamtest.Check(t, err)
	}
}

func bytes(value string) func(*testing.T, vault) {
	return func(t *testing.T, v vault) {
		t.Helper()
		_, err := v.api.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("db"), SecretBinary: []byte(value)})
		iamtest.Check(t, err)
	}
}

func noValue(tags map[string]string) func(*testing.T, vault) {
	return func(t *testing.T, v vault) {
		t.Helper()
		in := &secretsmanager.CreateSecretInput{Name: aws.String("db")}
		for key, value := range tags {
			in.Tags = append(in.Tags, types.Tag{Key: &key, Value: &value})
		}
		_, err := v.api.CreateSecret(t.Context(), in)
		iamtest.Check(t, err)
	}
}

// TestWhatIsCreatedIsOurs: with all tags from the start, under the key that was asked for, and never the operator's.
func TestWhatIsCreatedIsOurs(t *testing.T) {
	t.Parallel()
	v := open(t)
	_, err := run(t, v.up(writing.Options{KMSKey: cmk}, whole("db", "v")))
	iamtest.Check(t, err)
	out, err := v.api.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: aws.String("db")})
	iamtest.Check(t, err)
	tags := map[string]string{}
	for _, tag := range out.Tags {
		tags[*tag.Key] = *tag.Value
	}
	if !maps.Equal(tags, ours()) || tags["managed-by"] != "gen3-bootstrap" || aws.ToString(out.KmsKeyId) != cmk {
		t.Errorf("%v, %s", tags, aws.ToString(out.KmsKeyId))
	}
	var writes []string
	for _, c := range v.srv.Writes() {
		writes = append(writes, c.Name())
	}
	if !slices.Equal(writes, []string{"secretsmanager:CreateSecret db #1"}) {
		t.Errorf("%q", writes)
	}
}
