package iamsetup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func (o *obstacles) login(ctx context.Context, api obstacleAPI, user string) error {
	if _, err := api.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user}); err != nil {
		return err // read wraps
	}
	o.add(loginProfile, "", "delete-login-profile", "--user-name", user)
	return nil
}

func (o *obstacles) devices(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListMFADevicesPaginator(api, &iam.ListMFADevicesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // read wraps
		}
		for _, d := range page.MFADevices {
			o.add(mfaDevice, aws.ToString(d.SerialNumber), "deactivate-mfa-device", "--user-name", user, "--serial-number")
		}
	}
	return nil
}

func (o *obstacles) certificates(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListSigningCertificatesPaginator(api, &iam.ListSigningCertificatesInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // read wraps
		}
		for _, c := range page.Certificates {
			o.add(certificate, aws.ToString(c.CertificateId), "delete-signing-certificate", "--user-name", user, "--certificate-id")
		}
	}
	return nil
}

func (o *obstacles) sshKeys(ctx context.Context, api obstacleAPI, user string) error {
	pages := iam.NewListSSHPublicKeysPaginator(api, &iam.ListSSHPublicKeysInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err // read wraps
		}
		for _, k := range page.SSHPublicKeys {
			o.add(sshKey, aws.ToString(k.SSHPublicKeyId), "delete-ssh-public-key", "--user-name", user, "--ssh-public-key-id")
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
			return err // read wraps
		}
		for _, c := range page.ServiceSpecificCredentials {
			o.add(serviceLogin, aws.ToString(c.ServiceSpecificCredentialId), "delete-service-specific-credential", "--user-name", user, "--service-specific-credential-id")
		}
		if !page.IsTruncated || page.Marker == nil {
			return nil
		}
		in.Marker = page.Marker
	}
}
