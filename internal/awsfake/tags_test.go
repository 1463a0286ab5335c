package awsfake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/awsfake"
)

// sdkTags makes tags of keys and values by turns.
func sdkTags(kv ...string) []types.Tag {
	var out []types.Tag
	for i := 0; i < len(kv); i += 2 {
		out = append(out, tag(kv[i], kv[i+1]))
	}
	return out
}

func TestTagsAreJudged(t *testing.T) {
	tests := map[string]struct {
		tags []types.Tag
		want string
	}{
		"every character":      {sdkTags("gen3-bootstrap/owner/a_b.c:d=e+f-g@h i", "ü 1/2"), ""},
		"a bracket in a key":   {sdkTags("a(b", ""), "ValidationError"},
		"a comma in a value":   {sdkTags("a", "b,c"), "ValidationError"},
		"128 characters":       {sdkTags(strings.Repeat("ü", 128), ""), ""},
		"129 characters":       {sdkTags(strings.Repeat("ü", 129), ""), "ValidationError"},
		"value of 256":         {sdkTags("a", strings.Repeat("b", 256)), ""},
		"value of 257":         {sdkTags("a", strings.Repeat("b", 257)), "ValidationError"},
		"reserved":             {sdkTags("aws:a", "b"), "InvalidInput"},
		"twice but for case":   {sdkTags("a", "1", "A", "2"), "InvalidInput"},
		"one more than 50":     {manyTags(51), "ValidationError"},
		"50, with one of them": {append(manyTags(49), tag("A", "2")), ""},
		"50, with another":     {manyTags(50), "LimitExceeded"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			srv := awsfake.Start(t)
			must[string](t)(srv.AddUser("es", map[string]string{"a": "1"}))
			_, err := admin(srv).iam.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("es"), Tags: tt.tags})
			wantCode(t, err, tt.want)
		})
	}
}

func manyTags(n int) []types.Tag {
	var out []types.Tag
	for i := range n {
		out = append(out, tag(fmt.Sprintf("k%d", i), "v"))
	}
	return out
}

// TestTagKeysFold has users' keys differ by more than case, and policies' not.
func TestTagKeysFold(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	must[string](t)(srv.AddUser("es", map[string]string{"Owner": "1"}))
	arn := must[string](t)(srv.AddPolicy("p", readSecrets, map[string]string{"Owner": "1"}))
	must[*iam.TagUserOutput](t)(c.TagUser(ctx, &iam.TagUserInput{UserName: aws.String("es"), Tags: sdkTags("owner", "2")}))
	must[*iam.TagPolicyOutput](t)(c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: &arn, Tags: sdkTags("owner", "2")}))
	ofUser := must[*iam.GetUserOutput](t)(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("es")})).User.Tags
	ofPolicy := must[*iam.GetPolicyOutput](t)(c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})).Policy.Tags
	if diff := cmp.Diff(map[string]string{"owner": "2"}, asMap(ofUser)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"Owner": "1", "owner": "2"}, asMap(ofPolicy)); diff != "" {
		t.Error(diff)
	}
	must[*iam.UntagPolicyOutput](t)(c.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: &arn, TagKeys: []string{"owner", "absent"}}))
	left := must[*iam.ListPolicyTagsOutput](t)(c.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: &arn})).Tags
	if diff := cmp.Diff(map[string]string{"Owner": "1"}, asMap(left)); diff != "" {
		t.Error(diff)
	}
}

func asMap(tags []types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[*t.Key] = *t.Value
	}
	return out
}

func TestListsArePaged(t *testing.T) {
	srv := awsfake.Start(t)
	c, ctx := admin(srv).iam, t.Context()
	for i := range 5 {
		must[string](t)(srv.AddUser(fmt.Sprintf("u%d", i), nil))
	}
	first := must[*iam.ListUsersOutput](t)(c.ListUsers(ctx, &iam.ListUsersInput{MaxItems: aws.Int32(1000)}))
	if len(first.Users) != 2 || !first.IsTruncated {
		t.Errorf("first page has %d, truncated %t", len(first.Users), first.IsTruncated)
	}
	var names []string
	for p := iam.NewListUsersPaginator(c, &iam.ListUsersInput{}); p.HasMorePages(); {
		for _, u := range must[*iam.ListUsersOutput](t)(p.NextPage(ctx)).Users {
			names = append(names, *u.UserName)
		}
	}
	if diff := cmp.Diff([]string{"admin", "u0", "u1", "u2", "u3", "u4"}, names); diff != "" {
		t.Error(diff)
	}
	_, err := c.ListUsers(ctx, &iam.ListUsersInput{Marker: aws.String("?")})
	wantCode(t, err, "ValidationError")
	_, err = c.ListUsers(ctx, &iam.ListUsersInput{MaxItems: aws.Int32(1001)})
	wantCode(t, err, "ValidationError")
}
