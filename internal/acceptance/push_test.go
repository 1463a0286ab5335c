package acceptance

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/secrets"
	"github.com/uc-cdis/gen3-bootstrap/gen3/gen3test"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func (w *world) push(ctx context.Context) (bootstrap.Result, error) {
	settings := w.settings
	settings.Yes = true
	result, err := secrets.Push(ctx, settings, w.deployment, w.pushed, w.env())
	fmt.Fprintf(w.output, "result %+v error %+v\n", result, err)
	return result.Result, err
}

// secretsArgs say on the command line what the world's fields say.
func (w *world) secretsArgs() []string {
	args := []string{"--yes", "--gen3-chart", w.deployment.Chart}
	for _, file := range w.deployment.Files {
		args = append(args, "-f", file)
	}
	for _, name := range w.pushed.Overwrite {
		args = append(args, "--overwrite", name)
	}
	if w.pushed.Restore {
		args = append(args, "--restore")
	}
	return args
}

// vault is Secrets Manager past all faults: the tests' own eyes.
func (w *world) vault() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		BaseEndpoint: aws.String(w.aws.URL()), Region: region, Credentials: credentials.NewStaticCredentialsProvider(awsfake.AdminKeyID, awsfake.AdminSecret, ""),
	})
}

// The passwords that the chart made, and one that is somebody's in Secrets Manager.
const fencePassword, indexdPassword, otherPassword = "hunter2fence", "hunter2indexd", "hunter2other"

// madeByChart is a namespace in which the chart made the credentials of two databases.
func madeByChart(t *testing.T, w *world) []string {
	t.Helper()
	w.deployment = deployment.Ref{Chart: gen3test.Checkout(t, gen3test.New), ReleaseName: "gen3", Files: []string{gen3test.Values(t, "values.yaml", `
global: {dev: false, postgres: {master: {host: db.example.org}}, externalSecrets: {deploy: true, createLocalK8sSecret: true}}
audit: {enabled: false}
wts: {enabled: false}
`)}}
	w.values = []string{fencePassword, indexdPassword, otherPassword}
	for service, password := range map[string]string{"fence": fencePassword, "indexd": indexdPassword} {
		_, err := w.kube.CoreV1().Secrets(w.namespace).Create(t.Context(), &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: service + "-dbcreds"}, StringData: map[string]string{"host": "db.example.org", "username": service, "database": service, "port": "5432", "password": password, "dbcreated": "true\n"},
		}, metav1.CreateOptions{})
		check(t, "create Secret", err)
	}
	return nil
}

// madeByChartBesideOthers has one of the two in Secrets Manager with another password, to be written over, and the other one deleted.
func madeByChartBesideOthers(t *testing.T, w *world) []string {
	t.Helper()
	madeByChart(t, w)
	_, err := w.aws.AddSecret(region, "default-fence-creds", `{"password":"`+otherPassword+`","note":"stays"}`, "", nil)
	check(t, "add secret", err)
	_, err = w.push(t.Context())
	if err == nil {
		t.Error("what differs was written over unasked")
	}
	w.pushed.Only, w.pushed.Overwrite, w.pushed.Restore = []string{"default-indexd-creds"}, nil, false
	_, err = w.push(t.Context())
	check(t, "push one of them", err)
	_, err = w.vault().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("default-indexd-creds")})
	check(t, "delete secret", err)
	w.pushed.Only, w.pushed.Overwrite, w.pushed.Restore = nil, []string{"default-fence-creds"}, true
	w.forgetCalls()
	return nil
}

// isPushed reports whether both are in Secrets Manager as the chart made them, with what else was there.
func isPushed(t *testing.T, w *world, _ []string) error {
	t.Helper()
	note := ""
	if len(w.pushed.Overwrite) > 0 {
		note = `,"note":"stays"`
	}
	want := map[string]string{
		"default-fence-creds":  `{"database":"fence","dbcreated":"true","host":"db.example.org"` + note + `,"password":"` + fencePassword + `","port":"5432","username":"fence"}`,
		"default-indexd-creds": `{"database":"indexd","dbcreated":"true","host":"db.example.org","password":"` + indexdPassword + `","port":"5432","username":"indexd"}`,
	}
	var errs []error
	for name, text := range want {
		out, err := w.vault().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
		if err != nil || aws.ToString(out.SecretString) != text {
			errs = append(errs, fmt.Errorf("%s is not as it should be: %w", name, errors.Join(err, errNotPushed)))
		}
	}
	list, err := w.vault().ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
	if err != nil || len(list.SecretList) != len(want) {
		errs = append(errs, fmt.Errorf("there are other secrets: %w", errors.Join(err, errNotPushed)))
	}
	return errors.Join(errs...)
}

var errNotPushed = errors.New("it was not pushed")
