package user

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/principal"
)

func calls(api *iam.Client, name string) principal.Calls {
	return principal.Calls{
		Step: Step, Noun: "user", Name: name, Quota: types.SummaryKeyTypeAttachedPoliciesPerUserQuota, Additions: additions(api, name),
		Attached: func(ctx context.Context) ([]types.AttachedPolicy, error) {
			return iamsetup.List(ctx, iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &name}),
				func(page *iam.ListAttachedUserPoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
		},
		Attach: func(ctx context.Context, policy string) error {
			return iamsetup.Failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &policy}))
		},
		Detach: func(ctx context.Context, policy string) error {
			return iamsetup.Failed(api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &policy}))
		},
		Bound: func(ctx context.Context, policy string) error {
			return iamsetup.Failed(api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: &policy}))
		},
		Tag: func(ctx context.Context, tags []types.Tag) error {
			return iamsetup.Failed(api.TagUser(ctx, &iam.TagUserInput{UserName: &name, Tags: tags}))
		},
		Untag: func(ctx context.Context, keys []string) error {
			return iamsetup.Failed(api.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys}))
		},
		Remove: func(ctx context.Context) error {
			return iamsetup.Failed(api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &name}))
		},
	}
}

// additions are all that keeps IAM from deleting a user, but for attached policies and access keys
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html).
func additions(api *iam.Client, user string) []principal.Addition {
	return []principal.Addition{
		{Kind: "inline policy", Command: "delete-user-policy", Flag: "--policy-name", List: principal.Listed(iam.NewListUserPoliciesPaginator(api, &iam.ListUserPoliciesInput{UserName: &user}),
			func(page *iam.ListUserPoliciesOutput) []string { return page.PolicyNames })},
		{Kind: "group", Command: "remove-user-from-group", Flag: "--group-name", List: principal.Listed(iam.NewListGroupsForUserPaginator(api, &iam.ListGroupsForUserInput{UserName: &user}),
			func(page *iam.ListGroupsForUserOutput) []string {
				return iamsetup.Names(page.Groups, func(g types.Group) string { return aws.ToString(g.GroupName) })
			})},
		{Kind: "MFA device", Command: "deactivate-mfa-device", Flag: "--serial-number", List: principal.Listed(iam.NewListMFADevicesPaginator(api, &iam.ListMFADevicesInput{UserName: &user}),
			func(page *iam.ListMFADevicesOutput) []string {
				return iamsetup.Names(page.MFADevices, func(d types.MFADevice) string { return aws.ToString(d.SerialNumber) })
			})},
		{Kind: "signing certificate", Command: "delete-signing-certificate", Flag: "--certificate-id", List: principal.Listed(iam.NewListSigningCertificatesPaginator(api, &iam.ListSigningCertificatesInput{UserName: &user}),
			func(page *iam.ListSigningCertificatesOutput) []string {
				return iamsetup.Names(page.Certificates, func(c types.SigningCertificate) string { return aws.ToString(c.CertificateId) })
			})},
		{Kind: "SSH public key", Command: "delete-ssh-public-key", Flag: "--ssh-public-key-id", List: principal.Listed(iam.NewListSSHPublicKeysPaginator(api, &iam.ListSSHPublicKeysInput{UserName: &user}),
			func(page *iam.ListSSHPublicKeysOutput) []string {
				return iamsetup.Names(page.SSHPublicKeys, func(k types.SSHPublicKeyMetadata) string { return aws.ToString(k.SSHPublicKeyId) })
			})},
		{Kind: "service-specific credential", Command: "delete-service-specific-credential", Flag: "--service-specific-credential-id", List: principal.Listed(&serviceCredentials{api, &iam.ListServiceSpecificCredentialsInput{UserName: &user}, false},
			func(page *iam.ListServiceSpecificCredentialsOutput) []string {
				return iamsetup.Names(page.ServiceSpecificCredentials, func(c types.ServiceSpecificCredentialMetadata) string {
					return aws.ToString(c.ServiceSpecificCredentialId)
				})
			})},
		{Kind: "login profile", Command: "delete-login-profile", Flag: "", List: func(ctx context.Context) ([]string, error) {
			if err := iamsetup.Failed(api.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user})); err != nil {
				return nil, err // the caller says what it lists
			}
			return []string{""}, nil // it has no name
		}},
	}
}

// serviceCredentials goes through the one list for which the SDK has no paginator.
type serviceCredentials struct {
	api   *iam.Client
	in    *iam.ListServiceSpecificCredentialsInput
	ended bool
}

// HasMorePages is as of the SDK's paginators.
func (s *serviceCredentials) HasMorePages() bool { return !s.ended }

// NextPage is as of the SDK's paginators.
func (s *serviceCredentials) NextPage(ctx context.Context, options ...func(*iam.Options)) (*iam.ListServiceSpecificCredentialsOutput, error) {
	page, err := s.api.ListServiceSpecificCredentials(ctx, s.in, options...)
	if err != nil {
		return nil, err // the caller says what it lists
	}
	s.in.Marker, s.ended = page.Marker, !page.IsTruncated || page.Marker == nil
	return page, nil
}
