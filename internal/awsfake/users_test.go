package awsfake_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestUserLifecycle(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	made := must[*iam.CreateUserOutput](t)(c.CreateUser(ctx, &iam.CreateUserInput{
		UserName: aws.String("es"), Path: aws.String("/gen3/"), Tags: []types.Tag{tag("managed-by", "gen3-bootstrap")},
		PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})).User
	got := must[*iam.GetUserOutput](t)(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("es")})).User
	if *got.Arn != "arn:aws:iam::123456789012:user/gen3/es" || *got.UserId != *made.UserId || len(got.Tags) != 1 ||
		*got.PermissionsBoundary.PermissionsBoundaryArn != "arn:aws:iam::aws:policy/AdministratorAccess" {
		t.Errorf("GetUser: %+v", got)
	}
	must[*iam.DeleteUserOutput](t)(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("es")}))
	_, err := c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("es")})
	wantCode(t, err, "NoSuchEntity")
	again := must[*iam.CreateUserOutput](t)(c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("es")})).User
	if *again.UserId == *made.UserId {
		t.Errorf("a user made again has the id of the first, %s", *again.UserId)
	}
}

func TestGetUserWithoutNameIsTheCaller(t *testing.T) {
	srv := awsfake.Start(t)
	got := must[*iam.GetUserOutput](t)(admin(srv).iam.GetUser(t.Context(), &iam.GetUserInput{})).User
	if *got.Arn != "arn:aws:iam::123456789012:user/admin" {
		t.Errorf("caller is %s", *got.Arn)
	}
}

func TestUserNamesAreJudged(t *testing.T) {
	srv := awsfake.Start(t)
	c := admin(srv).iam
	must[string](t)(srv.AddUser("Taken", nil))
	tests := map[string]struct {
		in   iam.CreateUserInput
		want string
	}{
		"a space":         {iam.CreateUserInput{UserName: aws.String("a b")}, "ValidationError"},
		"64 characters":   {iam.CreateUserInput{UserName: aws.String(strings.Repeat("a", 64))}, ""},
		"65 characters":   {iam.CreateUserInput{UserName: aws.String(strings.Repeat("a", 65))}, "ValidationError"},
		"taken":           {iam.CreateUserInput{UserName: aws.String("Taken")}, "EntityAlreadyExists"},
		"taken, by case":  {iam.CreateUserInput{UserName: aws.String("tAKEN")}, "EntityAlreadyExists"},
		"open path":       {iam.CreateUserInput{UserName: aws.String("b"), Path: aws.String("/gen3")}, "ValidationError"},
		"absent boundary": {iam.CreateUserInput{UserName: aws.String("b"), PermissionsBoundary: aws.String("arn:aws:iam::123456789012:policy/none")}, "NoSuchEntity"},
		"other partition": {iam.CreateUserInput{UserName: aws.String("b"), PermissionsBoundary: aws.String("arn:aws-cn:iam::aws:policy/AdministratorAccess")}, "NoSuchEntity"},
		"every character": {iam.CreateUserInput{UserName: aws.String("aZ09_+=,.@-")}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.CreateUser(t.Context(), &tt.in)
			wantCode(t, err, tt.want)
		})
	}
}

// TestDeleteUserConflicts puts in the way all that can be, one after the other.
func TestDeleteUserConflicts(t *testing.T) {
	srv := awsfake.Start(t)
	c := admin(srv).iam
	u := aws.String("es")
	must[string](t)(srv.AddUser("es", nil))
	arn := aws.String(must[string](t)(srv.AddPolicy("p", readSecrets, nil)))
	must[*iam.CreateGroupOutput](t)(c.CreateGroup(t.Context(), &iam.CreateGroupInput{GroupName: aws.String("g")}))
	mfa := must[*iam.CreateVirtualMFADeviceOutput](t)(c.CreateVirtualMFADevice(t.Context(),
		&iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("es")})).VirtualMFADevice.SerialNumber
	var key *string
	obstacles := []struct {
		name       string
		put, clear func(context.Context) error
	}{
		{"key", func(ctx context.Context) error {
			out, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: u})
			key = out.AccessKey.AccessKeyId
			return err
		}, func(ctx context.Context) error {
			_, err := c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: u, AccessKeyId: key})
			return err
		}},
		{"attached policy", func(ctx context.Context) error {
			_, err := c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: u, PolicyArn: arn})
			return err
		}, func(ctx context.Context) error {
			_, err := c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: u, PolicyArn: arn})
			return err
		}},
		{"inline policy", func(ctx context.Context) error {
			_, err := c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: u, PolicyName: aws.String("i"), PolicyDocument: aws.String(readSecrets)})
			return err
		}, func(ctx context.Context) error {
			_, err := c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: u, PolicyName: aws.String("i")})
			return err
		}},
		{"group", func(ctx context.Context) error {
			_, err := c.AddUserToGroup(ctx, &iam.AddUserToGroupInput{UserName: u, GroupName: aws.String("g")})
			return err
		}, func(ctx context.Context) error {
			_, err := c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{UserName: u, GroupName: aws.String("g")})
			return err
		}},
		{"login profile", func(ctx context.Context) error {
			_, err := c.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: u, Password: aws.String("EXAMPLE")})
			return err
		}, func(ctx context.Context) error {
			_, err := c.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: u})
			return err
		}},
		{"MFA device", func(ctx context.Context) error {
			_, err := c.EnableMFADevice(ctx, &iam.EnableMFADeviceInput{
				UserName: u, SerialNumber: mfa, AuthenticationCode1: aws.String("123456"), AuthenticationCode2: aws.String("654321"),
			})
			return err
		}, func(ctx context.Context) error {
			_, err := c.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: u, SerialNumber: mfa})
			return err
		}},
	}
	for _, o := range obstacles {
		wantCode(t, o.put(t.Context()), "")
		_, err := c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: u})
		if code(err) != "DeleteConflict" {
			t.Errorf("with a %s in the way: %v", o.name, err)
		}
		wantCode(t, o.clear(t.Context()), "")
	}
	_, err := c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: u})
	wantCode(t, err, "")
}

func TestListsOfThingsNobodyHas(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, u := admin(srv).iam, t.Context(), aws.String("es")
	must[string](t)(srv.AddUser("es", nil))
	_, err := c.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: u})
	wantCode(t, err, "NoSuchEntity")
	must[*iam.ListMFADevicesOutput](t)(c.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: u}))
	must[*iam.ListSigningCertificatesOutput](t)(c.ListSigningCertificates(ctx, &iam.ListSigningCertificatesInput{UserName: u}))
	must[*iam.ListSSHPublicKeysOutput](t)(c.ListSSHPublicKeys(ctx, &iam.ListSSHPublicKeysInput{UserName: u}))
	must[*iam.ListServiceSpecificCredentialsOutput](t)(c.ListServiceSpecificCredentials(ctx, &iam.ListServiceSpecificCredentialsInput{UserName: u}))
	must[*iam.ListGroupsForUserOutput](t)(c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: u}))
}

func TestBoundariesComeAndGo(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, u := admin(srv).iam, t.Context(), aws.String("es")
	must[string](t)(srv.AddUser("es", nil))
	arn := aws.String(must[string](t)(srv.AddPolicy("limit", readSecrets, nil)))
	must[*iam.PutUserPermissionsBoundaryOutput](t)(c.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: u, PermissionsBoundary: arn}))
	_, err := c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	wantCode(t, err, "DeleteConflict")
	must[*iam.DeleteUserPermissionsBoundaryOutput](t)(c.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: u}))
	_, err = c.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: u})
	wantCode(t, err, "NoSuchEntity")
}
