package iamsetup

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// obstacleAPI reads all that keeps IAM from deleting a user, but for its access keys
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html).
type obstacleAPI interface {
	iam.ListAttachedUserPoliciesAPIClient
	iam.ListUserPoliciesAPIClient
	iam.ListGroupsForUserAPIClient
	iam.ListMFADevicesAPIClient
	iam.ListSigningCertificatesAPIClient
	iam.ListSSHPublicKeysAPIClient
	ListServiceSpecificCredentials(context.Context, *iam.ListServiceSpecificCredentialsInput, ...func(*iam.Options)) (*iam.ListServiceSpecificCredentialsOutput, error)
	GetLoginProfile(context.Context, *iam.GetLoginProfileInput, ...func(*iam.Options)) (*iam.GetLoginProfileOutput, error)
}

// obstacles gathers what a user has, from reads that run at the same time.
type obstacles struct {
	mu  sync.Mutex
	all []obstacle
}

func (o *obstacles) add(kind obstacleKind, name string, command ...string) {
	command = append([]string{"aws", "iam"}, command...)
	if name != "" {
		command = append(command, name)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, obstacle{kind: kind, name: name, command: hint.Command(command...)})
}

func (o *obstacles) read(ctx context.Context, api obstacleAPI, user string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, read := range []func(context.Context, obstacleAPI, string) error{
		o.policies, o.inline, o.groups, o.login, o.devices, o.certificates, o.sshKeys, o.serviceLogins,
	} {
		group.Go(func() error {
			err := read(ctx, api, user)
			if isAbsent(err) {
				return nil
			}
			return wrap("look what IAM user "+user+" has", err)
		})
	}
	err := group.Wait()
	slices.SortFunc(o.all, func(a, b obstacle) int { return strings.Compare(a.String(), b.String()) })
	return err // wrapped above
}

func (o *obstacles) policies(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // read wraps
		}
		for _, p := range page.AttachedPolicies {
			o.add(attachedPolicy, aws.ToString(p.PolicyArn), "detach-user-policy", "--user-name", user, "--policy-arn")
		}
	}
	return nil
}

func (o *obstacles) inline(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListUserPoliciesPaginator(api, &iam.ListUserPoliciesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // read wraps
		}
		for _, name := range page.PolicyNames {
			o.add(inlinePolicy, name, "delete-user-policy", "--user-name", user, "--policy-name")
		}
	}
	return nil
}

func (o *obstacles) groups(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListGroupsForUserPaginator(api, &iam.ListGroupsForUserInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // read wraps
		}
		for _, g := range page.Groups {
			o.add(groupMember, aws.ToString(g.GroupName), "remove-user-from-group", "--user-name", user, "--group-name")
		}
	}
	return nil
}
