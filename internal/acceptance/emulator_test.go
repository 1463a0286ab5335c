package acceptance

import (
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// emulator is an AWS that is not ours: the endpoint that GEN3_TEST_AWS_ENDPOINT names, else moto_server where it is on
// PATH. What it is able to do is asked of it, not told by its name.
type emulator struct {
	url     string
	account string
	iam     *iam.Client
	config  aws.Config
}

func startEmulator(t *testing.T) *emulator {
	t.Helper()
	endpoint := os.Getenv(envAWS)
	if endpoint == "" {
		endpoint = startMoto(t)
	}
	mustBeLoopback(t, endpoint)
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(endpoint),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "none", "")))
	check(t, "load AWS configuration", err)
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	check(t, "ask "+endpoint+" who we are", err)
	t.Logf("running against %s, account %s", endpoint, aws.ToString(who.Account))
	return &emulator{url: endpoint, account: aws.ToString(who.Account), iam: iam.NewFromConfig(cfg), config: cfg}
}

func mustBeLoopback(t *testing.T, endpoint string) {
	t.Helper()
	u, err := url.Parse(endpoint)
	check(t, "parse endpoint", err)
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		t.Fatalf("%s is not on loopback, and no test speaks to anything else", endpoint)
	}
}

func startMoto(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("moto_server")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("%s names no endpoint and moto_server is not on PATH", envAWS)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, "find a free port", err)
	address := listener.Addr().String()
	check(t, "free the port", listener.Close())
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(path, "-H", "127.0.0.1", "-p", port)
	check(t, "start moto_server", cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	poll(t, "moto_server", func() bool {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
	return "http://" + address
}

// TestEmulator runs the main job and its repairs against an AWS that somebody else wrote.
func TestEmulator(t *testing.T) {
	t.Parallel()
	e := startEmulator(t)
	w := newWorld(t, anySandbox(t))
	w.settings.Account = e.account
	// Names of their own, as such an endpoint may hold what earlier runs left.
	w.settings.UserName = "es-" + w.namespace + "-" + time.Now().Format("150405")
	w.settings.PolicyName = w.settings.UserName
	up := func() bootstrap.Result {
		t.Helper()
		env := w.env()
		env.AWSEndpoint = e.url
		result, err := bootstrap.Up(t.Context(), w.settings, env)
		if err != nil {
			t.Fatalf("up: %v\n%s", err, problems(result))
		}
		return result
	}
	first := up()
	e.mustHoldOneKey(t, w, first.Outputs.AccessKeyID)
	if again := up(); again.Changed {
		t.Errorf("a second up changed:\n%s", changes(again))
	}
	for _, name := range w.settings.KeySecretNames() {
		check(t, "delete Secret", w.kube.CoreV1().Secrets(w.namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	repaired := up()
	if repaired.Outputs.AccessKeyID == first.Outputs.AccessKeyID {
		t.Error("the key whose secret half is lost is still in use")
	}
	e.mustHoldOneKey(t, w, repaired.Outputs.AccessKeyID)
	e.mustRefuseAThirdKey(t, w)
}

// mustHoldOneKey says that the user has this key alone, tagged, and that it is in the Secrets and works.
func (e *emulator) mustHoldOneKey(t *testing.T, w *world, id string) {
	t.Helper()
	if keys := e.keys(t, w.settings.UserName); !slices.Equal(keys, []string{id}) {
		t.Fatalf("the user has keys %v, want %s alone", keys, id)
	}
	user, err := e.iam.GetUser(t.Context(), &iam.GetUserInput{UserName: &w.settings.UserName})
	check(t, "get user", err)
	tagged := false
	for _, tag := range user.User.Tags {
		tagged = tagged || strings.HasSuffix(aws.ToString(tag.Key), id)
	}
	if !tagged {
		t.Errorf("the user's tags do not name key %s: %v", id, user.User.Tags)
	}
	for _, name := range w.settings.KeySecretNames() {
		data := w.secret(t, name).Data
		if string(data["access-key"]) != id {
			t.Errorf("Secret %s holds key %s, want %s", name, data["access-key"], id)
		}
		cfg := e.config.Copy()
		cfg.Credentials = credentials.NewStaticCredentialsProvider(id, string(data["secret-access-key"]), "")
		who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		check(t, "GetCallerIdentity with the key of Secret "+name, err)
		if aws.ToString(who.Arn) != aws.ToString(user.User.Arn) {
			t.Errorf("the key in Secret %s is %s", name, aws.ToString(who.Arn))
		}
	}
}

func (e *emulator) keys(t *testing.T, user string) []string {
	t.Helper()
	out, err := e.iam.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: &user})
	check(t, "list keys", err)
	ids := make([]string, 0, len(out.AccessKeyMetadata))
	for _, k := range out.AccessKeyMetadata {
		ids = append(ids, aws.ToString(k.AccessKeyId))
	}
	return ids
}

// mustRefuseAThirdKey is asked only of an endpoint that itself refuses a third key.
func (e *emulator) mustRefuseAThirdKey(t *testing.T, w *world) {
	t.Helper()
	_, err := e.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &w.settings.UserName})
	check(t, "make a foreign key", err)
	if _, err := e.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &w.settings.UserName}); err == nil {
		t.Log("this endpoint allows three keys, so that the quota is not tested")
		return
	}
	other := newWorld(t, anySandbox(t))
	other.settings.Account, other.settings.UserName, other.settings.PolicyName = w.settings.Account, w.settings.UserName, w.settings.PolicyName
	env := other.env()
	env.AWSEndpoint = e.url
	result, err := bootstrap.Up(t.Context(), other.settings, env)
	if err == nil || !hasProblem(result, w.namespace) {
		t.Errorf("a third key is not refused with who holds the two: %v\n%s", err, problems(result))
	}
}
