package acceptance

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// TestRotateLeavesNoGap rotates ten times, while somebody reads through the current Secret twenty times a second and the operator once a
// second. Not one read fails.
func TestRotateLeavesNoGap(t *testing.T) {
	t.Parallel()
	const rotations, user, secret = 10, "no-gap", "no-gap-config"
	o := anyOperated(t)
	o.put(t, secret, "BASE_URL: https://gen3.example.org")
	w := o.world(t)
	w.settings.UserName = user
	w.mustRun(t, "up", "--user-name", user, "--policy-name", user)
	w.mustCreate(t, keyStore)
	w.mustBecome(t, esV1, "SecretStore", "gen3-secret-store", "Valid") // before that the operator warns
	w.mustCreate(t, externalSecret("v1", secret, `data: [{secretKey: fence-config.yaml, remoteRef: {key: `+secret+`}}]`))
	w.mustBecome(t, "external-secrets.io/v1", "ExternalSecret", secret, "SecretSynced")
	first := w.liveKey(t)
	readers := w.keepReading(t, secret)
	keys := map[string]bool{first: true}
	for range rotations {
		w.mustRun(t, "rotate")
		id := w.liveKey(t)
		if keys[id] {
			t.Fatalf("the key is %s again", id)
		}
		keys[id] = true
		w.mustBecome(t, "external-secrets.io/v1", "ExternalSecret", secret, "SecretSynced")
	}
	reads, failed := readers()
	if reads < 10*rotations || len(failed) > 0 {
		t.Errorf("%d reads through the Secret, and %d of all failed: %s", reads, len(failed), strings.Join(failed[:min(3, len(failed))], "; "))
	}
	if found := w.warnings(t, secret); len(found) > 0 {
		t.Errorf("the operator's own reads failed: %v", found)
	}
}

// keepReading reads until stop is called, which returns how many reads there were and what went wrong.
func (w *world) keepReading(t *testing.T, secret string) (stop func() (int, []string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var reads int
	var failed []string
	group.Go(func() {
		_ = wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(context.Context) (bool, error) {
			held, err := w.kube.CoreV1().Secrets(w.namespace).Get(context.WithoutCancel(ctx), bootstrap.ChartSecretName, metav1.GetOptions{})
			if err == nil {
				_, err = secretsmanager.New(secretsmanager.Options{
					Region: region, BaseEndpoint: aws.String(w.aws.URL()), Retryer: aws.NopRetryer{},
					Credentials: credentials.NewStaticCredentialsProvider(string(held.Data["access-key"]), string(held.Data["secret-access-key"]), ""),
				}).GetSecretValue(context.WithoutCancel(ctx), &secretsmanager.GetSecretValueInput{SecretId: &secret})
			}
			if reads++; err != nil {
				failed = append(failed, err.Error())
			}
			return false, nil
		})
	})
	return func() (int, []string) {
		cancel()
		group.Wait()
		return reads, failed
	}
}

// TestRotateStopsWhereTheOperatorDoesNotRead anew: nothing is minted then, and nothing else is changed.
func TestRotateStopsWhereTheOperatorDoesNotRead(t *testing.T) {
	t.Parallel()
	o := ownOperated(t)
	o.put(t, "some-config", "x: y")
	w := o.world(t)
	w.mustRun(t, "up")
	w.mustCreate(t, keyStore)
	w.mustCreate(t, externalSecret("v1", "some-config", `data: [{secretKey: x.yaml, remoteRef: {key: some-config}}]`))
	w.mustBecome(t, "external-secrets.io/v1", "ExternalSecret", "some-config", "SecretSynced")
	before := w.liveKey(t)
	o.annotatePods(t, "external-secrets", stopped)
	w.aws.ResetCalls()
	p := w.command(t, "rotate", "--refresh-limit", "3s")
	if code := w.run(t, p); code != 1 || !strings.Contains(p.stderr.String(), "External Secrets Operator to read anew for ExternalSecret "+w.namespace+"/some-config") {
		t.Errorf("exit code %d:\n%s", code, tail(p.stderr.String()))
	}
	if after := w.liveKey(t); after != before || len(w.aws.Writes()) > 0 {
		t.Errorf("the key was %s and is %s; writes %v", before, after, w.aws.Writes())
	}
	o.annotatePods(t, "external-secrets")
	w.mustRun(t, "rotate")
	w.mustBecome(t, "external-secrets.io/v1", "ExternalSecret", "some-config", "SecretSynced")
	got, err := w.objects(t, "external-secrets.io/v1", "ExternalSecret").Get(t.Context(), "some-config", metav1.GetOptions{})
	check(t, "get ExternalSecret", err)
	if got.GetAnnotations()["gen3-bootstrap/refresh"] == "" {
		t.Error("the operator was not told to read anew")
	}
}
