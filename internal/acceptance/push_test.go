package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

const pushCommand = "secrets push"

func (w *world) push(ctx context.Context) (bootstrap.Result, error) {
	settings := w.settings
	settings.Yes = true
	result, err := secrets.Push(ctx, settings, w.gen3, w.pushed, w.env())
	fmt.Fprintf(w.output, "result %+v error %+v\n", result, err)
	return result.Result, err
}

// pushArgs say on the command line what the world's fields say.
func (w *world) pushArgs() []string {
	args := []string{"--yes"}
	for _, name := range w.pushed.Overwrite {
		args = append(args, "--overwrite", name)
	}
	if w.pushed.Restore {
		args = append(args, "--restore")
	}
	return args
}

// The passwords that the chart made, and one that is somebody's in Secrets Manager.
const fencePassword, indexdPassword, otherPassword = "hunter2fence", "hunter2indexd", "hunter2other"

// madeByChart is a namespace in which the chart made the credentials of two databases.
func madeByChart(t *testing.T, w *world) []string {
	t.Helper()
	w.gen3 = deployment.Ref{Chart: gen3test.Checkout(t, gen3test.New), ReleaseName: "gen3", Files: []string{gen3test.Values(t, "values.yaml", `
global: {dev: false, postgres: {master: {host: db.example.org}}, externalSecrets: {deploy: true, createLocalK8sSecret: true}}
audit: {enabled: false}
wts: {enabled: false}
`)}}
	w.values = []string{fencePassword, indexdPassword, otherPassword}
	for service, password := range map[string]string{"fence": fencePassword, "indexd": indexdPassword} {
		_, err := w.kube.CoreV1().Secrets(w.namespace).Create(t.Context(), &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: service + "-dbcreds", Annotations: map[string]string{"meta.helm.sh/release-name": "gen3"}},
			StringData: map[string]string{"host": "db.example.org", "username": service, "database": service, "port": "5432", "password": password, "dbcreated": "true\n"},
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
	_, err = w.secretsManager().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("default-indexd-creds")})
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
		out, err := w.secretsManager().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
		if err != nil || aws.ToString(out.SecretString) != text {
			errs = append(errs, fmt.Errorf("%s is not as it should be: %w", name, errors.Join(err, errNotPushed)))
		}
	}
	list, err := w.secretsManager().ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
	if err != nil || len(list.SecretList) != len(want) {
		errs = append(errs, fmt.Errorf("there are other secrets: %w", errors.Join(err, errNotPushed)))
	}
	return errors.Join(errs...)
}

var errNotPushed = errors.New("it was not pushed")

// TestPushedSecretsChangeHands: what was pushed is what the real operator makes of it, and a Secret that it has taken over is not pushed any
// more.
func TestPushedSecretsChangeHands(t *testing.T) {
	t.Parallel()
	o := anyOperated(t)
	w := o.world(t)
	w.mustRun(t, "up", "--user-name", "pushed", "--policy-name", "pushed", "--secret-prefix", "default-")
	madeByChart(t, w)
	before := w.secret(t, "fence-dbcreds").Data
	w.mustRun(t, pushCommand)
	w.mustCreate(t, keyStore)
	for _, service := range []string{"fence", "indexd"} {
		w.mustCreate(t, externalSecret("v1", service+"-dbcreds", fmt.Sprintf(allKeys, "default-"+service+"-creds")))
		w.mustBecome(t, esV1, "ExternalSecret", service+"-dbcreds", "SecretSynced")
	}
	after := w.secret(t, "fence-dbcreds")
	before["dbcreated"] = []byte("true") // without the job's line break
	if by := metav1.GetControllerOf(after); by == nil || by.Kind != "ExternalSecret" || !maps.EqualFunc(before, after.Data, bytes.Equal) {
		t.Errorf("Secret fence-dbcreds has keys %v, of %v", slices.Sorted(maps.Keys(after.Data)), by)
	}
	r, err := w.push(t.Context())
	if err != nil || r.Changed || len(r.Changes) != 2 || !strings.Contains(r.Changes[0].Reason, "ExternalSecret fence-dbcreds makes Secret fence-dbcreds already") {
		t.Errorf("again: %v\n%s%s", err, changes(r), problems(r))
	}
}

// TestPushTakesTheRightsThatItSays: with those of the README, and no other, it does all that it can be asked for; without any of them in AWS
// it says which, and loses nothing.
func TestPushTakesTheRightsThatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ownSandbox(t))
	madeByChartBesideOthers(t, w)
	w.become(t, "pusher", []right{
		{"coordination.k8s.io", "leases", "", "create"},
		{"coordination.k8s.io", "leases", kube.RecordName, "get"},
		{"coordination.k8s.io", "leases", kube.RecordName, "update"},
		{"", "configmaps", kube.RecordName, "get"},
		{"", "secrets", "fence-dbcreds", "get"},
		{"", "secrets", "indexd-dbcreds", "get"},
	})
	all := []string{"DescribeSecret", "GetSecretValue", "PutSecretValue", "RestoreSecret", "CreateSecret", "TagResource"}
	run := func(user string, actions []string) (secrets.PushResult, error) {
		t.Helper()
		policy, err := w.aws.AddPolicy(user, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["secretsmanager:`+strings.Join(actions, `","secretsmanager:`)+
			`"],"Resource":"arn:aws:secretsmanager:us-east-1:`+account+`:secret:default-*"}}`, nil)
		check(t, "add policy", err)
		arn, err := w.aws.AddUser(user, nil)
		check(t, "add user", err)
		check(t, "attach policy", w.aws.Attach(arn, policy))
		id, err := w.aws.AddKey(user)
		check(t, "add key", err)
		settings, env := w.settings, w.env()
		settings.Yes, env.AWSCredentials = true, credentials.NewStaticCredentialsProvider(id, w.aws.SecretOf(id), "")
		return secrets.Push(t.Context(), settings, w.gen3, w.pushed, env)
	}
	of := map[string][]string{"PutSecretValue": {"default-fence-creds"}, "RestoreSecret": {"default-indexd-creds"}}
	for i, missing := range all[:4] { // the others are for what is not there yet
		w.pushed.Only = of[missing] // what else there is to do would be done
		result, err := run("without-"+missing, slices.Delete(slices.Clone(all), i, i+1))
		if err == nil || !hasProblem(result.Result, "secretsmanager:"+missing) {
			t.Errorf("without %s: %v\n%s%s", missing, err, changes(result.Result), problems(result.Result))
		}
	}
	w.pushed.Only = nil
	result, err := run("with-all", all)
	if err != nil {
		t.Fatalf("%v\n%s", err, problems(result.Result))
	}
	check(t, "see the end of push", isPushed(t, w, nil))
	for _, name := range []string{"default-fence-creds", "default-indexd-creds"} {
		_, err := w.secretsManager().DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name, ForceDeleteWithoutRecovery: aws.Bool(true)})
		check(t, "delete secret", err)
	}
	for i, missing := range all[4:] {
		result, err := run("without-"+missing, slices.Delete(slices.Clone(all), 4+i, 5+i))
		if err == nil || !hasProblem(result.Result, "secretsmanager:"+missing) {
			t.Errorf("without %s: %v\n%s%s", missing, err, changes(result.Result), problems(result.Result))
		}
	}
	w.pushed.Overwrite = nil
	if result, err := run("with-all-again", all); err != nil {
		t.Fatalf("%v\n%s", err, problems(result.Result))
	}
	check(t, "see the end of push", isPushed(t, w, nil))
}
