package iamsetup

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestMFACodeIsAskedForOnce signs in with a profile that wants a code, and then asks two services at the same time.
func TestMFACodeIsAskedForOnce(t *testing.T) {
	var assumed atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		switch r.PostForm.Get("Action") {
		case "AssumeRole":
			assumed.Add(1)
			if r.PostForm.Get("TokenCode") != "123456" {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid MFA one time pass code.</Message></Error></ErrorResponse>`)
				return
			}
			_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		case "GetCallerIdentity":
			_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/admin/me</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		default:
			_, _ = io.WriteString(w, `<GetAccountSummaryResponse><GetAccountSummaryResult/></GetAccountSummaryResponse>`)
		}
	}))
	defer srv.Close()
	home := t.TempDir()
	config := filepath.Join(home, "config")
	if err := os.WriteFile(config, []byte("[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n[profile admin]\n"+
		"role_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "none"), "AWS_ENDPOINT_URL": srv.URL, "AWS_ENDPOINT_URL_STS": srv.URL, "AWS_PROFILE": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	for code, want := range map[string]string{"123456": "", "000000": "the MFA code was refused"} {
		assumed.Store(0)
		var prompts []string
		aws, err := Connect(t.Context(), Connection{
			Region: "us-east-1", Profile: "admin", Request: 5 * time.Second, Log: slog.New(slog.DiscardHandler), Now: time.Now,
			Ask: func(prompt string) (string, error) { prompts = append(prompts, prompt); return code, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 2)
		go func() { _, err := aws.Caller(context.Background()); done <- err }()
		go func() {
			_, err := aws.IAM.GetAccountSummary(context.Background(), &iam.GetAccountSummaryInput{})
			done <- err
		}()
		for range 2 {
			err := <-done
			if want == "" && err != nil {
				t.Error(err)
			}
			if _, message, ok := aws.Explain(err); want != "" && (!ok || !strings.HasSuffix(message, want)) {
				t.Errorf("%v is told as %q", err, message)
			}
		}
		if len(prompts) != 1 || prompts[0] != "MFA code for arn:aws:iam::123456789012:mfa/me: " || assumed.Load() != 1 {
			t.Errorf("asked %q, and AssumeRole %d times", prompts, assumed.Load())
		}
	}
}
