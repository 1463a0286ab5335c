package iamsetup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func userCalls(api *iam.Client, name string) Calls {
	return Calls{
		Step: UserStep, Noun: "user", Name: name, Quota: types.SummaryKeyTypeAttachedPoliciesPerUserQuota, Additions: userAdditions(api, name),
		Attached: func(ctx context.Context) ([]types.AttachedPolicy, error) {
			return List(ctx, iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &name}),
				func(page *iam.ListAttachedUserPoliciesOutput) []types.AttachedPolicy { return page.AttachedPolicies })
		},
		Attach: func(ctx context.Context, policy string) error {
			return Failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &policy}))
		},
		Detach: func(ctx context.Context, policy string) error {
			return Failed(api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &policy}))
		},
		Bound: func(ctx context.Context, policy string) error {
			return Failed(api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &name, PermissionsBoundary: &policy}))
		},
		Tag: func(ctx context.Context, tags []types.Tag) error {
			return Failed(api.TagUser(ctx, &iam.TagUserInput{UserName: &name, Tags: tags}))
		},
		Untag: func(ctx context.Context, keys []string) error {
			return Failed(api.UntagUser(ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys}))
		},
		Remove: func(ctx context.Context) error {
			return Failed(api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &name}))
		},
	}
}

// userAdditions are all that keeps IAM from deleting a user, but for attached policies and access keys
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html).
func userAdditions(api *iam.Client, user string) []Addition {
	return []Addition{
		{"inline policy", "delete-user-policy", "--policy-name", Listed(iam.NewListUserPoliciesPaginator(api, &iam.ListUserPoliciesInput{UserName: &user}),
			func(page *iam.ListUserPoliciesOutput) []string { return page.PolicyNames })},
		{"group", "remove-user-from-group", "--group-name", Listed(iam.NewListGroupsForUserPaginator(api, &iam.ListGroupsForUserInput{UserName: &user}),
			func(page *iam.ListGroupsForUserOutput) []string {
				return Names(page.Groups, func(g types.Group) string { return aws.ToString(g.GroupName) })
			})},
		{"MFA device", "deactivate-mfa-device", "--serial-number", Listed(iam.NewListMFADevicesPaginator(api, &iam.ListMFADevicesInput{UserName: &user}),
			func(page *iam.ListMFADevicesOutput) []string {
				return Names(page.MFADevices, func(d types.MFADevice) string { return aws.ToString(d.SerialNumber) })
			})},
		{"signing certificate", "delete-signing-certificate", "--certificate-id", Listed(iam.NewListSigningCertificatesPaginator(api, &iam.ListSigningCertificatesInput{UserName: &user}),
			func(page *iam.ListSigningCertificatesOutput) []string {
				return Names(page.Certificates, func(c types.SigningCertificate) string { return aws.ToString(c.CertificateId) })
			})},
		{"SSH public key", "delete-ssh-public-key", "--ssh-public-key-id", Listed(iam.NewListSSHPublicKeysPaginator(api, &iam.ListSSHPublicKeysInput{UserName: &user}),
			func(page *iam.ListSSHPublicKeysOutput) []string {
				return Names(page.SSHPublicKeys, func(k types.SSHPublicKeyMetadata) string { return aws.ToString(k.SSHPublicKeyId) })
			})},
		{"service-specific credential", "delete-service-specific-credential", "--service-specific-credential-id", Listed(&serviceCredentials{api, &iam.ListServiceSpecificCredentialsInput{UserName: &user}, false},
			func(page *iam.ListServiceSpecificCredentialsOutput) []string {
				return Names(page.ServiceSpecificCredentials, func(c types.ServiceSpecificCredentialMetadata) string {
					return aws.ToString(c.ServiceSpecificCredentialId)
				})
			})},
		{"login profile", "delete-login-profile", "", func(ctx context.Context) ([]string, error) {
			if err := Failed(api.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user})); err != nil {
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
