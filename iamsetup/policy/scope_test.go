package policy

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup/iamtest"
	"github.com/uc-cdis/gen3-bootstrap/internal/cli/golden"
)

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
