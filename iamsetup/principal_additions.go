package iamsetup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
)

// addition is a kind of thing that somebody may have given to a user or role, and which keeps IAM from deleting it.
type addition struct {
	kind    obstacleKind
	command string // that takes one away
	flag    string // that names it
	list    func(context.Context) ([]string, error)
}

// listed makes of a list of IAM's what an addition takes.
func listed[Page any](pages interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*iam.Options)) (Page, error)
}, items func(Page) []string,
) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) { return List(ctx, pages, items) }
}

// userAdditions are all that keeps IAM from deleting a user, but for attached policies and access keys
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html).
func userAdditions(api *iam.Client, user string) []addition {
	return []addition{
		{"inline policy", "delete-user-policy", "--policy-name", listed(iam.NewListUserPoliciesPaginator(api, &iam.ListUserPoliciesInput{UserName: &user}),
			func(page *iam.ListUserPoliciesOutput) []string { return page.PolicyNames })},
		{"group", "remove-user-from-group", "--group-name", listed(iam.NewListGroupsForUserPaginator(api, &iam.ListGroupsForUserInput{UserName: &user}),
			func(page *iam.ListGroupsForUserOutput) []string {
				return Names(page.Groups, func(g types.Group) string { return aws.ToString(g.GroupName) })
			})},
		{"MFA device", "deactivate-mfa-device", "--serial-number", listed(iam.NewListMFADevicesPaginator(api, &iam.ListMFADevicesInput{UserName: &user}),
			func(page *iam.ListMFADevicesOutput) []string {
				return Names(page.MFADevices, func(d types.MFADevice) string { return aws.ToString(d.SerialNumber) })
			})},
		{"signing certificate", "delete-signing-certificate", "--certificate-id", listed(iam.NewListSigningCertificatesPaginator(api, &iam.ListSigningCertificatesInput{UserName: &user}),
			func(page *iam.ListSigningCertificatesOutput) []string {
				return Names(page.Certificates, func(c types.SigningCertificate) string { return aws.ToString(c.CertificateId) })
			})},
		{"SSH public key", "delete-ssh-public-key", "--ssh-public-key-id", listed(iam.NewListSSHPublicKeysPaginator(api, &iam.ListSSHPublicKeysInput{UserName: &user}),
			func(page *iam.ListSSHPublicKeysOutput) []string {
				return Names(page.SSHPublicKeys, func(k types.SSHPublicKeyMetadata) string { return aws.ToString(k.SSHPublicKeyId) })
			})},
		{"service-specific credential", "delete-service-specific-credential", "--service-specific-credential-id", listed(&serviceCredentials{api, &iam.ListServiceSpecificCredentialsInput{UserName: &user}, false},
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

// roleAdditions are all that keeps IAM from deleting a role, but for attached policies
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html).
func roleAdditions(api *iam.Client, role string) []addition {
	return []addition{
		{"inline policy", "delete-role-policy", "--policy-name", listed(iam.NewListRolePoliciesPaginator(api, &iam.ListRolePoliciesInput{RoleName: &role}),
			func(page *iam.ListRolePoliciesOutput) []string { return page.PolicyNames })},
		{"instance profile", "remove-role-from-instance-profile", "--instance-profile-name", listed(iam.NewListInstanceProfilesForRolePaginator(api, &iam.ListInstanceProfilesForRoleInput{RoleName: &role}),
			func(page *iam.ListInstanceProfilesForRoleOutput) []string {
				return Names(page.InstanceProfiles, func(p types.InstanceProfile) string { return aws.ToString(p.InstanceProfileName) })
			})},
	}
}

// added lists what somebody added by hand, and says what could not be looked at: IAM itself refuses to delete what still
// has any of it.
func (c calls) added(ctx context.Context) (found []Obstacle, unread []string, err error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, a := range c.additions {
		group.Go(func() {
			all, err := a.list(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && !IsAbsent(err) {
				unread = append(unread, fmt.Sprintf("%s of %s could not be looked for (%s): IAM refuses to delete the %s while it has any", a.kind, c, Plain(err), c.noun))
			}
			for _, name := range all {
				found = append(found, c.obstacle(a.kind, name, a.command, a.flag))
			}
		})
	}
	group.Wait()
	slices.Sort(unread)
	slices.SortFunc(found, func(a, b Obstacle) int { return strings.Compare(a.String(), b.String()) })
	return found, unread, context.Cause(ctx)
}

// Obstacle is one thing that it has, with the command that takes it away.
func (c calls) obstacle(kind obstacleKind, name, command, flag string) Obstacle {
	words := []string{"aws", "iam", command, c.flag(), c.name}
	if name != "" {
		words = append(words, flag, name)
	}
	return Obstacle{kind: kind, name: name, command: hint.Command(words...)}
}
