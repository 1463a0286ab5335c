package bootstrap_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/teardown"
	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
	"github.com/uc-cdis/gen3-bootstrap/internal/event"
	"github.com/uc-cdis/gen3-bootstrap/internal/kubetest"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// testReleaseTakenMeanwhile: another namespace is set up between the plan of a teardown and its uninstall.
func testReleaseTakenMeanwhile(t *testing.T, c *cluster) {
	s := c.newStage(t, awsfake.Start(t), "meanwhile")
	before := s.photo(t)
	s.up(t)
	s.forget()
	c.namespace(t, "newcomer")
	s.settings.Yes = true
	env := s.env()
	env.Sink = event.SinkFunc(func(e event.Event) {
		if e.Type == event.StepStarted && e.Step == bootstrap.HelmStep {
			c.record(t, "newcomer")
		}
	})
	result, err := teardown.Run(t.Context(), s.settings, teardown.Options{DeleteCRDs: true}, env)
	if said := show(result); !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(said, "newcomer") || !strings.Contains(said, "teardown --only helm-release") {
		t.Errorf("got %v\n%s", err, said)
	}
	if len(c.crds(t)) == 0 || !c.hasRelease(t) {
		t.Errorf("the release that another namespace relies on is gone:\n%s", show(result))
	}
	c.dismiss(t, "newcomer")
	s.mustTeardown(t, teardown.Options{}) // its name is still in the record
	same(t, "taken meanwhile", before, s.photo(t))
}

// record makes what an up in another namespace writes first.
func (c *cluster) record(t *testing.T, namespace string) {
	t.Helper()
	_, err := c.kube.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: kube.RecordName, Labels: map[string]string{kube.ManagedByLabel: kube.ManagedBy},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Error(err)
	}
}

func (c *cluster) hasRelease(t *testing.T) bool {
	t.Helper()
	list, err := c.kube.CoreV1().Secrets(bootstrap.DefaultReleaseNamespace).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	kubetest.Must(t, err)
	return len(list.Items) > 0
}

// testUserTakenMeanwhile: somebody else takes the user over while its key goes.
func testUserTakenMeanwhile(t *testing.T, c *cluster) {
	for name, test := range map[string]struct {
		take func(context.Context, *iam.Client) error
		said string
	}{
		"by another owner": {func(ctx context.Context, api *iam.Client) error {
			tag := types.Tag{Key: aws.String("gen3-bootstrap/owner/another/gen3"), Value: aws.String("")}
			_, err := api.TagUser(ctx, &iam.TagUserInput{UserName: aws.String(bootstrap.DefaultUserName), Tags: []types.Tag{tag}})
			return err
		}, "also used by another/gen3"},
		"by another tool": {func(ctx context.Context, api *iam.Client) error {
			_, err := api.UntagUser(ctx, &iam.UntagUserInput{UserName: aws.String(bootstrap.DefaultUserName), TagKeys: []string{"managed-by"}})
			return err
		}, "kept: not created by gen3-bootstrap"},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.newStage(t, awsfake.Start(t), "user-taken")
			s.settings.SkipHelm = true
			s.up(t)
			var once sync.Once
			s.aws.OnCall(func(phase awsfake.Phase, call awsfake.Call) {
				if phase != awsfake.After || call.Action != "DeleteAccessKey" {
					return
				}
				once.Do(func() {
					if err := test.take(t.Context(), s.iam()); err != nil {
						t.Error(err)
					}
				})
			})
			result := s.mustTeardown(t, teardown.Options{})
			if !strings.Contains(show(result), test.said) {
				t.Errorf("%q is not said:\n%s", test.said, show(result))
			}
			if _, ok := s.aws.Snapshot()["user/"+bootstrap.DefaultUserName]; !ok {
				t.Errorf("the user is gone:\n%s", show(result))
			}
		})
	}
}

// iam is a client of the account's administrator.
func (s *stage) iam() *iam.Client {
	return iam.New(iam.Options{BaseEndpoint: aws.String(s.aws.URL()), Region: region, Credentials: s.env().AWSCredentials})
}

// testMoreThanAgreed brings another key of this namespace's into being while the person reads the question.
func testMoreThanAgreed(t *testing.T, s *stage, env bootstrap.Env) {
	t.Helper()
	env.Confirm = func(ctx context.Context, _ bootstrap.Question) (bool, error) {
		id, err := s.aws.AddKey(bootstrap.DefaultUserName)
		if err != nil {
			return false, err
		}
		user, err := s.iam().GetUser(ctx, &iam.GetUserInput{UserName: aws.String(bootstrap.DefaultUserName)})
		if err != nil {
			return false, err
		}
		for _, tag := range user.User.Tags {
			if who, ok := strings.CutPrefix(*tag.Key, "gen3-bootstrap/owner/"); ok {
				ours := []types.Tag{{Key: aws.String("gen3-bootstrap/key/" + id), Value: &who}}
				_, err = s.iam().TagUser(ctx, &iam.TagUserInput{UserName: user.User.UserName, Tags: ours})
			}
		}
		return true, err
	}
	result, err := teardown.Run(t.Context(), s.settings, teardown.Options{}, env)
	if !errors.Is(err, bootstrap.ErrFailed) || !strings.Contains(show(result), "since it was asked, access-key/") || result.Changed || len(s.aws.Keys(bootstrap.DefaultUserName)) != 2 {
		t.Errorf("more than was agreed to: %v\n%s", err, show(result))
	}
}
