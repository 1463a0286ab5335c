package awsfake_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

func TestGroupLifecycle(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, g, u := admin(srv).iam, t.Context(), aws.String("g"), aws.String("es")
	must[string](t)(srv.AddUser("es", nil))
	arn := aws.String(must[string](t)(srv.AddPolicy("p", readSecrets, nil)))
	remove := func(want string) {
		t.Helper()
		_, err := c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: g})
		wantCode(t, err, want)
	}
	must[*iam.CreateGroupOutput](t)(c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: g}))
	_, err := c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("G")})
	wantCode(t, err, "EntityAlreadyExists")
	must[*iam.AddUserToGroupOutput](t)(c.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: g, UserName: u}))
	of := must[*iam.ListGroupsForUserOutput](t)(c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: u}))
	if len(of.Groups) != 1 || *of.Groups[0].GroupName != "g" || srv.Snapshot()["user/es/group/g"] != "" {
		t.Errorf("groups %+v", of.Groups)
	}
	remove("DeleteConflict")
	must[*iam.RemoveUserFromGroupOutput](t)(c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: g, UserName: u}))
	_, err = c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: g, UserName: u})
	wantCode(t, err, "NoSuchEntity")
	must[*iam.AttachGroupPolicyOutput](t)(c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: g, PolicyArn: arn}))
	remove("DeleteConflict")
	who := must[*iam.ListEntitiesForPolicyOutput](t)(c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: arn}))
	if len(who.PolicyGroups) != 1 {
		t.Errorf("attached to %+v", who)
	}
	must[*iam.DetachGroupPolicyOutput](t)(c.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: g, PolicyArn: arn}))
	remove("")
	remove("NoSuchEntity")
}

func TestInlinePolicies(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, u := admin(srv).iam, t.Context(), aws.String("es")
	must[string](t)(srv.AddUser("es", nil))
	for _, name := range []string{"a", "b", "c"} {
		must[*iam.PutUserPolicyOutput](t)(c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: u, PolicyName: &name, PolicyDocument: aws.String(readSecrets)}))
	}
	list := must[*iam.ListUserPoliciesOutput](t)(c.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: u}))
	if strings.Join(list.PolicyNames, ",") != "a,b" || !list.IsTruncated {
		t.Errorf("listed %v", list.PolicyNames)
	}
	got := must[*iam.GetUserPolicyOutput](t)(c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: u, PolicyName: aws.String("b")}))
	if plain, _ := url.PathUnescape(*got.PolicyDocument); plain != readSecrets || *got.UserName != "es" {
		t.Errorf("got %s", *got.PolicyDocument)
	}
	_, err := c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: u, PolicyName: aws.String("d")})
	wantCode(t, err, "NoSuchEntity")
	_, err = c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: u, PolicyName: aws.String("d"), PolicyDocument: aws.String(sized(2000))})
	wantCode(t, err, "LimitExceeded")
	_, err = c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: u, PolicyName: aws.String("d"), PolicyDocument: aws.String(trustEC2)})
	wantCode(t, err, "MalformedPolicyDocument")
	if srv.Snapshot()["user/es/inline/c"] != readSecrets {
		t.Error("the snapshot lacks an inline policy")
	}
}

// TestInlinePoliciesOfOthers is about what differs between users, groups and roles.
func TestInlinePoliciesOfOthers(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, name, text := admin(srv).iam, t.Context(), aws.String("i"), aws.String(sized(4000))
	must[string](t)(srv.AddRole("r", trustEC2, nil))
	must[*iam.CreateGroupOutput](t)(c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("g")}))
	must[*iam.PutRolePolicyOutput](t)(c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: name, PolicyDocument: text}))
	must[*iam.PutGroupPolicyOutput](t)(c.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("g"), PolicyName: name, PolicyDocument: text}))
	ofRole := must[*iam.GetRolePolicyOutput](t)(c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("r"), PolicyName: name}))
	ofGroup := must[*iam.GetGroupPolicyOutput](t)(c.GetGroupPolicy(ctx, &iam.GetGroupPolicyInput{GroupName: aws.String("g"), PolicyName: name}))
	if *ofRole.RoleName != "r" || *ofGroup.GroupName != "g" {
		t.Errorf("of %s and %s", *ofRole.RoleName, *ofGroup.GroupName)
	}
	_, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("r")})
	wantCode(t, err, "DeleteConflict")
	_, err = c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: aws.String("g")})
	wantCode(t, err, "DeleteConflict")
}

func TestMFADevices(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx, u := admin(srv).iam, t.Context(), aws.String("es")
	must[string](t)(srv.AddUser("es", nil))
	in := &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("phone")}
	serial := must[*iam.CreateVirtualMFADeviceOutput](t)(c.CreateVirtualMFADevice(ctx, in)).VirtualMFADevice.SerialNumber
	_, err := c.CreateVirtualMFADevice(ctx, in)
	wantCode(t, err, "EntityAlreadyExists")
	enable := &iam.EnableMFADeviceInput{UserName: u, SerialNumber: serial, AuthenticationCode1: aws.String("123456"), AuthenticationCode2: aws.String("654321")}
	must[*iam.EnableMFADeviceOutput](t)(c.EnableMFADevice(ctx, enable))
	_, err = c.EnableMFADevice(ctx, enable)
	wantCode(t, err, "EntityAlreadyExists")
	list := must[*iam.ListMFADevicesOutput](t)(c.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: u})).MFADevices
	if len(list) != 1 || *list[0].SerialNumber != "arn:aws:iam::123456789012:mfa/phone" {
		t.Errorf("devices %+v", list)
	}
	remove := &iam.DeleteVirtualMFADeviceInput{SerialNumber: serial}
	_, err = c.DeleteVirtualMFADevice(ctx, remove)
	wantCode(t, err, "DeleteConflict")
	must[*iam.DeactivateMFADeviceOutput](t)(c.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: u, SerialNumber: serial}))
	must[*iam.DeleteVirtualMFADeviceOutput](t)(c.DeleteVirtualMFADevice(ctx, remove))
	_, err = c.DeleteVirtualMFADevice(ctx, remove)
	wantCode(t, err, "NoSuchEntity")
}
