package reading_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func admin(srv *awsfake.Server) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: region, BaseEndpoint: aws.String(srv.URL()), Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	})
}

// vault makes secrets in every state, and returns what each has to be found in, by name.
func vault(t *testing.T, srv *awsfake.Server) map[string]reading.State {
	t.Helper()
	want := map[string]reading.State{"demo-none": reading.Missing, "other-none": reading.Denied, "demo-bytes": reading.Readable, "demo-empty": reading.NoValue, "demo-gone": reading.Deleted}
	for i := range 23 {
		name := fmt.Sprintf("demo-%02d", i)
		_, err := srv.AddSecret(region, name, value, "", nil)
		iamtest.Check(t, err)
		want[name] = reading.Readable
	}
	for name, kms := range map[string]string{"demo-gone": "", "demo-locked": cmk, "other": ""} {
		_, err := srv.AddSecret(region, name, value, kms, nil)
		iamtest.Check(t, err)
	}
	want["demo-locked"], want["other"] = reading.KeyDenied, reading.Denied
	api := admin(srv)
	_, err := api.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("demo-gone")})
	iamtest.Check(t, err)
	_, err = api.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("demo-empty")})
	iamtest.Check(t, err)
	_, err = api.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("demo-bytes"), SecretBinary: []byte(`{"a":1}`)})
	iamtest.Check(t, err)
	return want
}

func names(of map[string]reading.State) []string {
	var out []string
	for name := range of {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// TestTryAll: the answers are those of single reads, with the right to batches and without it.
func TestTryAll(t *testing.T) {
	t.Parallel()
	for _, batches := range []bool{false, true} {
		srv, _, by := reader(t)
		want := vault(t, srv)
		if batches {
			arn, err := srv.AddPolicy("batches", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:BatchGetSecretValue","Resource":"*"}}`, nil)
			iamtest.Check(t, err)
			iamtest.Check(t, srv.Attach("arn:aws:iam::"+iamtest.AccountID+":user/es", arn))
		}
		srv.ResetCalls()
		got, err := by.TryAll(t.Context(), names(want))
		iamtest.Check(t, err)
		single := 0
		for _, call := range srv.Calls() {
			if strings.HasSuffix(call.Action, "GetSecretValue") && !strings.Contains(call.Action, "Batch") {
				single++
			}
		}
		if batches != (single == 0) {
			t.Errorf("with batches %v: %d single reads", batches, single)
		}
		for i, name := range names(want) {
			if got[i].Name != name || got[i].State != want[name] || (got[i].State == reading.Readable) != (got[i].Value.ARN != "") {
				t.Errorf("with batches %v: %s: %+v, want %s", batches, name, got[i], want[name])
			}
		}
	}
}

// TestTryAllOfABadName: one name that no secret can have does not spoil the others.
func TestTryAllOfABadName(t *testing.T) {
	t.Parallel()
	srv, _, _ := reader(t)
	_, err := srv.AddSecret(region, "demo-a", value, "", nil)
	iamtest.Check(t, err)
	long := strings.Repeat("x", 2100)
	got, err := reading.WithOwn(iamtest.At(t, srv.URL())).TryAll(t.Context(), []string{"demo-a", long})
	if err != nil || got[0].State != reading.Readable || got[1].State != reading.BadName {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLook asks for no value: it needs no right to one, nor to a KMS key.
func TestLook(t *testing.T) {
	t.Parallel()
	srv, _, by := reader(t)
	want := vault(t, srv)
	want["demo-locked"] = reading.Readable
	arn, err := srv.AddPolicy("no-values", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":["secretsmanager:GetSecretValue","secretsmanager:BatchGetSecretValue"],"Resource":"*"}}`, nil)
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach("arn:aws:iam::"+iamtest.AccountID+":user/es", arn))
	srv.ResetCalls()
	got, err := by.Look(t.Context(), names(want))
	iamtest.Check(t, err)
	for i, name := range names(want) {
		if got[i].Name != name || got[i].State != want[name] {
			t.Errorf("%s: %+v, want %s", name, got[i], want[name])
		}
	}
	for _, call := range srv.Calls() {
		if call.Action != "secretsmanager:DescribeSecret" && call.Action != "DescribeSecret" {
			t.Errorf("%s was asked", call.Action)
		}
	}
}

// TestBatchAnswers are what AWS says of each secret within one call.
func TestBatchAnswers(t *testing.T) {
	t.Parallel()
	srv, _, _ := reader(t)
	vault(t, srv)
	out, err := admin(srv).BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"demo-00", "demo-none", "demo-gone", "demo-empty", "demo-bytes"}})
	iamtest.Check(t, err)
	said := map[string]string{}
	for _, e := range out.Errors {
		said[*e.SecretId] = *e.ErrorCode
	}
	if len(out.SecretValues) != 2 || said["demo-none"] != "ResourceNotFoundException" || said["demo-gone"] != "InvalidRequestException" || said["demo-empty"] != "ResourceNotFoundException" {
		t.Errorf("%v, %d values", said, len(out.SecretValues))
	}
	if i := slices.IndexFunc(out.SecretValues, func(v types.SecretValueEntry) bool { return *v.Name == "demo-bytes" }); i < 0 || string(out.SecretValues[i].SecretBinary) != `{"a":1}` {
		t.Error("bytes")
	}
	if _, err := admin(srv).BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{SecretIdList: names(vaultOf(21))}); err == nil {
		t.Error("21 are taken")
	}
}

func vaultOf(n int) map[string]reading.State {
	out := map[string]reading.State{}
	for i := range n {
		out[strconv.Itoa(i)] = ""
	}
	return out
}
