package acceptance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/writing"
)

// TestEmulatorSecrets has somebody else's Secrets Manager filled, filled again, judged, deleted from and restored.
func TestEmulatorSecrets(t *testing.T) {
	t.Parallel()
	e := startEmulator(t)
	w := newWorld(t, anySandbox(t))
	wantSecrets(t, w)
	w.settings.Account, w.settings.Yes = e.account, true
	env := w.env()
	env.AWSEndpoint = e.url
	generate := func(o writing.Options) secrets.GenerateResult {
		t.Helper()
		result, err := secrets.Generate(t.Context(), w.settings, w.gen3, secrets.WriteOptions{Options: o}, env)
		if err != nil {
			t.Fatalf("secrets generate: %v\n%s", err, problems(result.Result))
		}
		return result
	}
	if first := generate(writing.Options{}); !first.Changed {
		t.Errorf("nothing was made:\n%s", changes(first.Result))
	}
	if again := generate(writing.Options{}); again.Changed {
		t.Errorf("a second run changed:\n%s", changes(again.Result))
	}
	checked, err := secrets.Check(t.Context(), w.settings, w.gen3, secrets.CheckOptions{}, env)
	check(t, "check what was made", err)
	for _, c := range checked.Secrets {
		for _, f := range c.Findings {
			t.Errorf("%s: %s", c.Name, f.Message)
		}
	}
	if len(checked.Secrets) < 4 {
		t.Errorf("%d secrets were checked", len(checked.Secrets))
	}

	api := secretsmanager.NewFromConfig(e.config)
	_, err = api.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("metadata-g3auto")})
	check(t, "delete secret", err)
	if restored := generate(writing.Options{Restore: true}); !restored.Changed {
		t.Errorf("the deleted secret was not restored:\n%s", changes(restored.Result))
	}
	file := filepath.Join(t.TempDir(), "credentials.json")
	check(t, "write file", os.WriteFile(file, []byte(`{"JOBS": [], "SQS": {"url": "https://sqs.us-east-1.amazonaws.com/1/commons"}}`), 0o600))
	push := secrets.PushOptions{FromFiles: []string{"ssjdispatcher-creds=" + file}}
	push.Only = []string{"ssjdispatcher-creds"}
	if result, err := secrets.Push(t.Context(), w.settings, w.gen3, push, env); err == nil {
		t.Errorf("what is there was written over:\n%s", changes(result.Result))
	}
	push.Overwrite = push.Only
	result, err := secrets.Push(t.Context(), w.settings, w.gen3, push, env)
	if err != nil || !result.Changed {
		t.Errorf("--overwrite: %v\n%s%s", err, changes(result.Result), problems(result.Result))
	}
}
