package policy

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/user"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

const (
	codeDenied = "AccessDeniedException"
	codeAbsent = "ResourceNotFoundException"
)

// eso makes the calls of External Secrets Operator with a key of the user that the steps made.
type eso struct {
	t  *testing.T
	sm *secretsmanager.Client
}

// operatorWith converges policy and user in an account with secrets inside and outside of the scope.
func operatorWith(t *testing.T, partition string, scope Scope) eso {
	t.Helper()
	srv, api := iamtest.Start(t, awsfake.WithPartition(partition))
	up := iamtest.Making(api, "c1", "gen3")
	up.Account = iamtest.In(partition)
	policy := &Up{Up: up, PolicyName: "read", Path: "/", Scope: scope}
	iamtest.Converge(t, policy)
	user := &user.Up{Up: principal.Up{Up: up, Path: "/", PolicyARN: policy.ARN()}, Lookup: &principal.UserLookup{API: api, UserName: "es"}}
	iamtest.Converge(t, user)
	for name, key := range map[string]string{"dev-a": "", "dev-key": "in", "dev-otherkey": "out", "prod-a": ""} {
		addSecret(t, srv, scope.Region, name, key, nil)
	}
	mark := map[string]string{pushTag: pushOwner}
	addSecret(t, srv, scope.Region, "dev-pushed", "", mark)
	addSecret(t, srv, scope.Region, "dev-pushed-key", "in", mark)
	addSecret(t, srv, scope.Region, "prod-pushed", "", mark)
	addSecret(t, srv, otherRegion(scope.Region), "dev-a", "", nil)
	id, err := srv.AddKey("es")
	if err != nil {
		t.Fatal(err)
	}
	return eso{t, secretsClient(srv, scope.Region, id)}
}

func secretsClient(srv *awsfake.Server, region, id string) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		BaseEndpoint: aws.String(srv.URL()), Region: region, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(id, srv.SecretOf(id), ""),
	})
}

func otherRegion(region string) string { return region[:len(region)-1] + "9" }

func addSecret(t *testing.T, srv *awsfake.Server, region, name, key string, tags map[string]string) {
	t.Helper()
	if _, err := srv.AddSecret(region, name, "value of "+name, key, tags); err != nil {
		t.Fatal(err)
	}
}

func keyARN(partition, region, id string) string {
	return "arn:" + partition + ":kms:" + region + ":" + iamtest.AccountID + ":key/" + id
}

// want judges what a call came to: "" is success.
func (e eso) want(what string, err error, code string) {
	e.t.Helper()
	if got := iamsetup.ErrorCode(err); got != code || err != nil && code == "" {
		e.t.Errorf("%s: got %q (%v), want %q", what, got, err, code)
	}
}

// read is what an ExternalSecret's data and extract need, and its metadata.
func (e eso) read(name, code string) {
	e.t.Helper()
	_, err := e.sm.GetSecretValue(e.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	e.want("read "+name, err, code)
}

func (e eso) describe(name, code string) {
	e.t.Helper()
	_, err := e.sm.DescribeSecret(e.t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name})
	e.want("describe "+name, err, code)
}

// find is an ExternalSecret's find: by name it lists, by path or tag it reads a batch.
func (e eso) find(prefix string) (read []string) {
	e.t.Helper()
	filter := []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{prefix}}}
	_, err := e.sm.ListSecrets(e.t.Context(), &secretsmanager.ListSecretsInput{Filters: filter})
	e.want("list "+prefix, err, "")
	for pages := secretsmanager.NewBatchGetSecretValuePaginator(e.sm, &secretsmanager.BatchGetSecretValueInput{Filters: filter}); pages.HasMorePages(); {
		page, err := pages.NextPage(e.t.Context())
		e.want("batch "+prefix, err, "")
		if err != nil {
			break
		}
		for _, v := range page.SecretValues {
			read = append(read, aws.ToString(v.Name))
		}
	}
	slices.Sort(read)
	return read
}

// pushNew and pushOver are the two ways of a PushSecret. The operator itself refuses the second for a secret without its
// tag; here AWS has to.
func (e eso) pushNew(name, key, code string, tags ...types.Tag) {
	e.t.Helper()
	in := &secretsmanager.CreateSecretInput{Name: &name, SecretBinary: []byte("new"), Tags: tags}
	if key != "" {
		in.KmsKeyId = &key
	}
	_, err := e.sm.CreateSecret(e.t.Context(), in)
	e.want("create "+name, err, code)
}

func (e eso) pushOver(name, code string) {
	e.t.Helper()
	_, err := e.sm.PutSecretValue(e.t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretBinary: []byte("over")})
	e.want("put "+name, err, code)
}

func (e eso) tag(name, code string, tags ...types.Tag) {
	e.t.Helper()
	_, err := e.sm.TagResource(e.t.Context(), &secretsmanager.TagResourceInput{SecretId: &name, Tags: tags})
	e.want("tag "+name, err, code)
}

func secretTag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

func TestPolicyLetsTheOperatorRead(t *testing.T) {
	for partition, region := range map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"} {
		t.Run(partition, func(t *testing.T) {
			e := operatorWith(t, partition, Scope{
				Region: region, Prefixes: []string{"dev-", "shared/"},
				KMSKeys: []string{keyARN(partition, region, "in")},
			})
			e.read("dev-a", "")
			e.describe("dev-a", "")
			e.read("dev-key", "")
			e.read("dev-none", codeAbsent)
			e.read("prod-a", codeDenied)
			e.describe("prod-a", codeDenied)
			e.read("dev-otherkey", codeDenied)
			if got := e.find("dev-"); !slices.Equal(got, []string{"dev-a", "dev-key", "dev-pushed", "dev-pushed-key"}) {
				t.Errorf("found %v", got)
			}
			if got := e.find("prod-"); len(got) > 0 {
				t.Errorf("found outside of the scope: %v", got)
			}
			e.sm = secretsmanager.New(e.sm.Options(), func(o *secretsmanager.Options) { o.Region = otherRegion(region) })
			e.read("dev-a", codeDenied)
		})
	}
}

// TestPolicyForNamesIsForNoNeighbour: a name that only begins alike, or that is one of these and six more characters, is another one.
func TestPolicyForNamesIsForNoNeighbour(t *testing.T) {
	const partition, region = "aws", "us-east-1"
	e := operatorWith(t, partition, Scope{
		Region: region, Names: []string{"dev-key", "dev", "dev-pushed", "dev-pushed-key"}, AllowPush: true, Pushed: []string{"dev-new", "dev-pushed"},
		KMSKeys: []string{keyARN(partition, region, "in")},
	})
	e.read("dev-key", "")
	e.describe("dev-key", "")
	e.read("dev-pushed", "")
	for _, other := range []string{"dev-a", "dev-otherkey", "prod-a", "prod-pushed"} {
		e.read(other, codeDenied)
		e.describe(other, codeDenied)
	}
	if got := e.find("dev"); !slices.Equal(got, []string{"dev-key", "dev-pushed", "dev-pushed-key"}) {
		t.Errorf("found %v", got)
	}
	mark := secretTag(pushTag, pushOwner)
	e.pushNew("dev-new", "", "", mark)
	e.pushOver("dev-new", "")
	e.pushOver("dev-pushed", "")
	e.pushNew("dev-new-one", "", codeDenied, mark)
	e.pushNew("dev-neighb", "", codeDenied, mark) // "dev-" and six characters
	e.pushOver("dev-pushed-key", codeDenied)
	e.pushOver("dev-key", codeDenied)
}

func TestPolicyWithoutPushLetsNothingBeWritten(t *testing.T) {
	e := operatorWith(t, "aws", Scope{Region: "us-east-1"})
	e.read("prod-a", "")
	e.read("dev-key", codeDenied) // its key was not given
	mark := secretTag(pushTag, pushOwner)
	e.pushNew("dev-new", "", codeDenied, mark)
	e.pushOver("dev-pushed", codeDenied)
	e.tag("dev-pushed", codeDenied, mark)
	for what, err := range needless(t.Context(), e.sm, "dev-pushed") {
		e.want(what, err, codeDenied)
	}
	e.untag("dev-pushed", codeDenied, "team")
	for what, err := range beside(t.Context(), e.sm, "dev-pushed") {
		e.want(what, err, codeDenied)
	}
}

func TestPolicyLetsTheOperatorPushItsOwn(t *testing.T) {
	const partition, region = "aws", "us-east-1"
	e := operatorWith(t, partition, Scope{
		Region: region, Prefixes: []string{"dev-"}, AllowPush: true,
		KMSKeys: []string{keyARN(partition, region, "in")},
	})
	mark := secretTag(pushTag, pushOwner)
	e.pushNew("dev-new", "", "", mark)
	e.pushOver("dev-new", "")
	e.tag("dev-new", "", secretTag("team", "data"))
	e.pushNew("dev-new-key", keyARN(partition, region, "in"), "", mark)
	e.pushOver("dev-pushed-key", "")

	e.pushNew("dev-unmarked", "", codeDenied)
	e.pushNew("dev-mismarked", "", codeDenied, secretTag(pushTag, "somebody"))
	e.pushNew("prod-new", "", codeDenied, mark)
	e.pushNew("dev-new-otherkey", keyARN(partition, region, "out"), codeDenied, mark)
	e.pushOver("dev-a", codeDenied)
	e.pushOver("prod-pushed", codeDenied)
	e.tag("dev-a", codeDenied, mark) // or else it could be written next
	e.tag("prod-a", codeDenied, mark)
}

// TestPolicyLetsTheOperatorKeepItsOwn is what operators do beside the put: policies, tags, and the deletion that a PushSecret's
// finalizer waits for. All of it is for what carries the tag, which stays on.
func TestPolicyLetsTheOperatorKeepItsOwn(t *testing.T) {
	e := operatorWith(t, "aws", Scope{Region: "us-east-1", Prefixes: []string{"dev-"}, AllowPush: true})
	e.tag("dev-pushed", "", secretTag("team", "data"))
	e.untag("dev-pushed", "", "team")
	e.untag("dev-pushed", codeDenied, pushTag)
	e.untag("dev-pushed", codeDenied, "team", pushTag)
	for _, name := range []string{"dev-a", "prod-pushed"} {
		e.untag(name, codeDenied, "team")
		for what, err := range beside(t.Context(), e.sm, name) {
			e.want(what+" "+name, err, codeDenied)
		}
	}
	for what, err := range beside(t.Context(), e.sm, "dev-pushed") {
		e.want(what+" dev-pushed", err, "")
	}
	for what, err := range needless(t.Context(), e.sm, "dev-pushed-key") {
		e.want(what, err, codeDenied)
	}
	e.read("dev-pushed", "InvalidRequestException") // deleted
	e.describe("dev-pushed", "")
}

func (e eso) untag(name, code string, keys ...string) {
	e.t.Helper()
	_, err := e.sm.UntagResource(e.t.Context(), &secretsmanager.UntagResourceInput{SecretId: &name, TagKeys: keys})
	e.want("untag "+name, err, code)
}

// beside are calls that come with a put, in the order in which an operator makes them, the deletion last.
func beside(ctx context.Context, sm *secretsmanager.Client, name string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, err := sm.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &name})
		_ = yield("get policy of", err)
		_, err = sm.DeleteResourcePolicy(ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: &name})
		_ = yield("delete policy of", err)
		_, err = sm.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &name})
		_ = yield("delete", err)
	}
}

// needless are calls that no ExternalSecret and no PushSecret needs.
func needless(ctx context.Context, sm *secretsmanager.Client, name string) map[string]error {
	_, updated := sm.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: &name, Description: &name})
	_, restored := sm.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: &name})
	opened := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"secretsmanager:*","Resource":"*"}}`
	_, shared := sm.PutResourcePolicy(ctx, &secretsmanager.PutResourcePolicyInput{SecretId: &name, ResourcePolicy: &opened})
	return map[string]error{"update": updated, "restore": restored, "put policy of": shared}
}
