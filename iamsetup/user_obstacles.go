package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"
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

// obstacleKind is a kind of thing that a user can have.
type obstacleKind string

const (
	attachedPolicy obstacleKind = "attached policy"
	inlinePolicy   obstacleKind = "inline policy"
	groupMember    obstacleKind = "group"
	loginProfile   obstacleKind = "login profile"
	mfaDevice      obstacleKind = "MFA device"
	certificate    obstacleKind = "signing certificate"
	sshKey         obstacleKind = "SSH public key"
	serviceLogin   obstacleKind = "service-specific credential"
	accessKey      obstacleKind = "access key"
)

// obstacle is one thing that a user has, with the command that takes it away.
type obstacle struct {
	kind    obstacleKind
	name    string // empty where a user has at most one
	note    string
	command string
}

func (o obstacle) String() string {
	text := strings.TrimSpace(string(o.kind) + " " + o.name)
	if o.note != "" {
		text += " (" + o.note + ")"
	}
	return text
}

// commands are what a person runs to take the obstacles away, one a line.
func commands(all []obstacle) string {
	var out []string
	for _, o := range all {
		if o.command != "" {
			out = append(out, o.command)
		}
	}
	return strings.Join(out, "\n")
}

// obstacles gathers what a user has, from reads that run at the same time.
type obstacles struct {
	mu  sync.Mutex
	all []obstacle
}

func (o *obstacles) add(kind obstacleKind, name, command string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, obstacle{kind: kind, name: name, command: strings.TrimSpace("aws iam " + command + " " + name)})
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
	return err //nolint:wrapcheck // wrapped above
}

func (o *obstacles) policies(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err //nolint:wrapcheck // read wraps
		}
		for _, p := range page.AttachedPolicies {
			o.add(attachedPolicy, aws.ToString(p.PolicyArn), "detach-user-policy --user-name "+user+" --policy-arn")
		}
	}
	return nil
}

func (o *obstacles) inline(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListUserPoliciesPaginator(api, &iam.ListUserPoliciesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err //nolint:wrapcheck // read wraps
		}
		for _, name := range page.PolicyNames {
			o.add(inlinePolicy, name, "delete-user-policy --user-name "+user+" --policy-name")
		}
	}
	return nil
}

func (o *obstacles) groups(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListGroupsForUserPaginator(api, &iam.ListGroupsForUserInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err //nolint:wrapcheck // read wraps
		}
		for _, g := range page.Groups {
			o.add(groupMember, aws.ToString(g.GroupName), "remove-user-from-group --user-name "+user+" --group-name")
		}
	}
	return nil
}

func (o *obstacles) login(ctx context.Context, api obstacleAPI, user string) error {
	if _, err := api.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user}); err != nil {
		return err //nolint:wrapcheck // read wraps
	}
	o.add(loginProfile, "", "delete-login-profile --user-name "+user)
	return nil
}

func (o *obstacles) devices(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListMFADevicesPaginator(api, &iam.ListMFADevicesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err //nolint:wrapcheck // read wraps
		}
		for _, d := range page.MFADevices {
			o.add(mfaDevice, aws.ToString(d.SerialNumber), "deactivate-mfa-device --user-name "+user+" --serial-number")
		}
	}
	return nil
}

func (o *obstacles) certificates(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListSigningCertificatesPaginator(api, &iam.ListSigningCertificatesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err //nolint:wrapcheck // read wraps
		}
		for _, c := range page.Certificates {
			o.add(certificate, aws.ToString(c.CertificateId), "delete-signing-certificate --user-name "+user+" --certificate-id")
		}
	}
	return nil
}

func (o *obstacles) sshKeys(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListSSHPublicKeysPaginator(api, &iam.ListSSHPublicKeysInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err //nolint:wrapcheck // read wraps
		}
		for _, k := range page.SSHPublicKeys {
			o.add(sshKey, aws.ToString(k.SSHPublicKeyId), "delete-ssh-public-key --user-name "+user+" --ssh-public-key-id")
		}
	}
	return nil
}

// serviceLogins follows the marker by hand: the SDK has no paginator for this list.
func (o *obstacles) serviceLogins(ctx context.Context, api obstacleAPI, user string) error {
	in := &iam.ListServiceSpecificCredentialsInput{UserName: &user}
	for {
		page, err := api.ListServiceSpecificCredentials(ctx, in)
		if err != nil {
			return err //nolint:wrapcheck // read wraps
		}
		for _, c := range page.ServiceSpecificCredentials {
			o.add(serviceLogin, aws.ToString(c.ServiceSpecificCredentialId), "delete-service-specific-credential --user-name "+user+" --service-specific-credential-id")
		}
		if !page.IsTruncated || page.Marker == nil {
			return nil
		}
		in.Marker = page.Marker
	}
}

// describeKey makes an obstacle of an access key that does not go.
func describeKey(user, id, note string) obstacle {
	return obstacle{kind: accessKey, name: id, note: note, command: fmt.Sprintf("aws iam delete-access-key --user-name %s --access-key-id %s", user, id)}
}
