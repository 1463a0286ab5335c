package acceptance

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// liveKey is the promised end state: exactly one key, live, in every Secret, with its three entries.
func (w *world) liveKey(t *testing.T) string {
	t.Helper()
	return w.liveKeyBeside(t)
}

// liveKeyBeside is liveKey where the user has keys that are none of ours.
func (w *world) liveKeyBeside(t *testing.T, foreign ...string) string {
	t.Helper()
	keys := w.aws.Keys(w.settings.UserName)
	var ours []string
	for _, k := range keys {
		if !contains(foreign, k.ID) {
			ours = append(ours, k.ID)
		}
	}
	if len(ours) != 1 || len(keys) != len(foreign)+1 {
		t.Fatalf("the user has keys %v, want exactly one beside %v", keys, foreign)
	}
	for _, name := range w.settings.KeySecretNames() {
		data := w.secret(t, name).Data
		if len(data) != 3 || string(data["access-key"]) != ours[0] || string(data["secret-access-key"]) != w.aws.SecretOf(ours[0]) {
			t.Fatalf("Secret %s holds key %q in %d entries, want %s in three", name, data["access-key"], len(data), ours[0])
		}
		want := "[default]\naws_access_key_id = " + ours[0] + "\naws_secret_access_key = " + w.aws.SecretOf(ours[0]) + "\n"
		if string(data["credentials"]) != want {
			t.Fatalf("entry credentials of Secret %s is no credentials file of key %s", name, ours[0])
		}
	}
	return ours[0]
}

// identity is who the key in a Secret is to AWS.
func (w *world) identity(t *testing.T, secret string) string {
	t.Helper()
	data := w.secret(t, secret).Data
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(w.aws.URL()),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(string(data["access-key"]), string(data["secret-access-key"]), "")))
	check(t, "load AWS configuration", err)
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	check(t, "GetCallerIdentity with the key of Secret "+secret, err)
	return aws.ToString(out.Arn)
}

// userTags are the tags that IAM shows on the user.
func (w *world) userTags(t *testing.T) map[string]string {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(w.aws.URL()),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, "")))
	check(t, "load AWS configuration", err)
	pages := iam.NewListUserTagsPaginator(iam.NewFromConfig(cfg), &iam.ListUserTagsInput{UserName: &w.settings.UserName})
	tags := map[string]string{}
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		check(t, "list the user's tags", err)
		for _, tag := range out.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return tags
}

func contains(list []string, s string) bool {
	return slices.Contains(list, s)
}

func TestUpTakesAnEmptyAccountToAWorkingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, anySandbox(t))

	planned, err := w.plan(t.Context())
	check(t, "plan", err)
	if !planned.Changed || len(w.aws.Writes()) > 0 || len(w.proxy.Writes()) > 0 {
		t.Fatalf("plan: changed %v, wrote %v %v", planned.Changed, w.aws.Writes(), w.proxy.Writes())
	}
	result := w.mustUp(t)
	id := w.liveKey(t)
	if result.Outputs.AccessKeyID != id {
		t.Errorf("outputs name key %s, the Secrets hold %s", result.Outputs.AccessKeyID, id)
	}
	for _, secret := range []string{"external-secrets-user-secret", bootstrap.ChartSecretName} {
		if who := w.identity(t, secret); who != "arn:aws:iam::123456789012:user/external_secrets_user" {
			t.Errorf("the key in Secret %s is %s", secret, who)
		}
	}
	w.mustBeConverged(t)
}
