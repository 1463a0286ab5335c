package reading_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

const (
	region = "us-east-1"
	cmk    = "arn:aws:kms:us-east-1:" + iamtest.AccountID + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
	value  = `{"a.b":"v-literal","c":{"d":"v-path"},"e":null}`
)

// reader is a user with a policy and a key, and what reads with that key.
func reader(t *testing.T) (*awsfake.Server, credential.Key, *reading.Reader) {
	t.Helper()
	srv := awsfake.Start(t, awsfake.WithAccount(iamtest.AccountID))
	arn, err := srv.AddPolicy("read", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret"],
		"Resource":"arn:aws:secretsmanager:us-east-1:`+iamtest.AccountID+`:secret:demo-*"}}`, nil)
	iamtest.Check(t, err)
	user, err := srv.AddUser("es", nil)
	iamtest.Check(t, err)
	iamtest.Check(t, srv.Attach(user, arn))
	id, err := srv.AddKey("es")
	iamtest.Check(t, err)
	key := credential.Key{ID: id, Secret: redact.New(srv.SecretOf(id))}
	return srv, key, reading.WithKey(iamtest.At(t, srv.URL()), key)
}

func TestTry(t *testing.T) {
	t.Parallel()
	srv, key, by := reader(t)
	for name, kms := range map[string]string{"demo-config": "", "other": "", "demo-encrypted": cmk} {
		_, err := srv.AddSecret(region, name, value, kms, nil)
		iamtest.Check(t, err)
	}
	ask := func(by *reading.Reader, name string) reading.Answer {
		t.Helper()
		answer, err := by.Try(t.Context(), name)
		iamtest.Check(t, err)
		if answer.Name != name || (answer.State == reading.Readable) != (answer.Says == "") {
			t.Errorf("%s: %+v", name, answer)
		}
		return answer
	}
	for name, want := range map[string]reading.State{
		"demo-config": reading.Readable, "demo-none": reading.Missing, "other": reading.Denied, "none": reading.Denied, "demo-encrypted": reading.KeyDenied,
	} {
		if got := ask(by, name); got.State != want || got.Credentials() {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
	denial := ask(by, "other").Denial
	if denial.Action != "secretsmanager:GetSecretValue" || !strings.Contains(denial.Resource, ":secret:other-") {
		t.Errorf("%+v", denial)
	}
	if got, err := by.TryVersion(t.Context(), "demo-config", reading.Version{Stage: "AWSPENDING"}); err != nil || got.State != reading.NoValue {
		t.Errorf("a stage that no version has: %+v, %v", got, err)
	}
	if kms, err := by.KMSKey(t.Context(), "demo-encrypted"); err != nil || kms != cmk {
		t.Errorf("the key is %q, %v", kms, err)
	}
	if names, err := by.Names(t.Context()); err == nil {
		t.Errorf("may list %q", names)
	}
	if names, err := reading.WithOwn(iamtest.At(t, srv.URL())).Names(t.Context()); err != nil || len(names) != 3 || !slices.Contains(names, "other") {
		t.Errorf("listed %q, %v", names, err)
	}
	wrong := reading.WithKey(iamtest.At(t, srv.URL()), credential.Key{ID: key.ID, Secret: redact.New("wrong")})
	if got := ask(wrong, "demo-config"); got.State != reading.KeyMismatched || !got.Credentials() {
		t.Errorf("a wrong half: %+v", got)
	}
	srv.SetKeyStatus(key.ID, "Inactive")
	if got := ask(by, "demo-config"); got.State != reading.KeyRefused {
		t.Errorf("an inactive key: %+v", got)
	}
}

func TestTryInAnotherRegion(t *testing.T) {
	t.Parallel()
	srv, _, by := reader(t)
	_, err := srv.AddSecret("eu-west-1", "demo-config", value, "", nil)
	iamtest.Check(t, err)
	if got, err := by.Try(t.Context(), "demo-config"); err != nil || got.State != reading.Missing {
		t.Errorf("here: %+v, %v", got, err)
	}
	if got, err := by.In("eu-west-1").Try(t.Context(), "demo-config"); err != nil || got.State != reading.Denied || !strings.Contains(got.Says, "eu-west-1") {
		t.Errorf("there: %+v, %v", got, err)
	}
}

func TestValueShowsItsForm(t *testing.T) {
	t.Parallel()
	srv, _, by := reader(t)
	for text, want := range map[string]content.Form{value: content.Object, "[1]": content.Scalar, "v-plain": content.Text, "": content.Text} {
		name := fmt.Sprintf("demo-%x", text)
		_, err := srv.AddSecret(region, name, text, "", nil)
		iamtest.Check(t, err)
		got, err := by.Try(t.Context(), name)
		iamtest.Check(t, err)
		if got.Value.Form() != want {
			t.Errorf("%q is %s", text, got.Value.Form())
		}
		shown, err := json.Marshal(got)
		iamtest.Check(t, err)
		for _, text := range []string{string(shown), fmt.Sprintf("%v %+v %#v", got, got, got)} {
			if strings.Contains(text, "v-") && !strings.Contains(name, "v-") {
				t.Errorf("a value comes out: %s", text)
			}
		}
		if want != content.Object {
			continue
		}
		for property, there := range map[string]bool{"a.b": true, "c.d": true, "c": true, "e": true, "a": false, "c.x": false, `a\.b`: true} {
			if got.Value.Has(property) != there {
				t.Errorf("property %s", property)
			}
		}
		if names := got.Value.Properties(); !slices.Equal(names, []string{"a.b", "c", "e"}) {
			t.Errorf("properties %q", names)
		}
		if got.Value.At("c").Form() != content.Object || got.Value.At("a.b").Form() != content.Text {
			t.Error("at a property")
		}
	}
}

func TestAnswersOfAWS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, message string
		want          reading.State
	}{
		"deleted":                {"InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.", reading.Deleted},
		"no current value":       {"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT", reading.NoValue},
		"KMS by its policy":      {"AccessDeniedException", "User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region", reading.KeyDenied},
		"a key that is disabled": {"DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key.", reading.KeyDenied},
		"a name that none has":   {"ValidationException", "Invalid name.", reading.BadName},
		"a clock that is off":    {"InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier", ""},
		"throttled":              {"ThrottlingException", "Rate exceeded", ""},
	} {
		got, ok := reading.Judge("x", &smithy.GenericAPIError{Code: c.code, Message: c.message})
		if got.State != c.want || ok != (c.want != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
