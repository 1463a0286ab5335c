package policy

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
)

// TestDocumentForNames is the document for names alone, with one prefix beside them, and with those that may be written.
func TestDocumentForNames(t *testing.T) {
	t.Parallel()
	names := []string{"demo/fence-config", "indexd-service-creds"}
	for name, scope := range map[string]Scope{
		"names":               {Names: names},
		"names-prefix":        {Names: names, Prefixes: []string{"shared-"}},
		"names-kms-push":      {Names: names, AllowPush: true, Pushed: names[1:], KMSKeys: []string{"arn:aws:kms:us-east-1:" + iamtest.AccountID + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"}},
		"names-push-of-none":  {Names: names, AllowPush: true},
		"names-push-a-prefix": {Names: names, AllowPush: true, Prefixes: []string{"shared-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scope.Region = "us-east-1"
			text, err := json.MarshalIndent(scope.document(iamtest.In("aws")), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden.File(t, filepath.Join("..", "..", "testdata", "policy", "aws-"+name+".json"), string(text)+"\n")
		})
	}
}

// TestDocument compares each combination in each partition with testdata/policy; -update writes those files.
func TestDocument(t *testing.T) {
	for partition, region := range map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"} {
		for bits := range 8 {
			scope, name := Scope{Region: region}, partition
			if bits&1 != 0 {
				name += "-prefix"
				scope.Prefixes = []string{"gen3/prod/", "shared-"}
			}
			if bits&2 != 0 {
				name += "-kms"
				scope.KMSKeys = []string{"arn:" + partition + ":kms:" + region + ":" + iamtest.AccountID + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"}
			}
			if bits&4 != 0 {
				name += "-push"
				scope.AllowPush = true
			}
			t.Run(name, func(t *testing.T) {
				text, err := json.MarshalIndent(scope.document(iamtest.In(partition)), "", "  ")
				if err != nil {
					t.Fatal(err)
				}
				golden.File(t, filepath.Join("..", "..", "testdata", "policy", name+".json"), string(text)+"\n")
			})
		}
	}
}
