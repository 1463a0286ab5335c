package kube

import (
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/internal/credential"
)

// TestInForm: a Secret that keeps the key in an entry of somebody else's would hold the dead key there after a rotation.
func TestInForm(t *testing.T) {
	t.Parallel()
	const id, half = "AKIAIOSFODNN7EXAMPLE", "half"
	for name, test := range map[string]struct {
		data map[string]string
		want bool
	}{
		"the three entries":        {map[string]string{credential.EntryKeyID: id + "\n", credential.EntryKeySecret: half, credential.EntryCredentials: "id=" + id}, true},
		"with another entry":       {map[string]string{credential.EntryKeyID: id, credential.EntryKeySecret: half, "region": "us-east-1"}, true},
		"the id in another entry":  {map[string]string{credential.EntryKeyID: id, credential.EntryKeySecret: half, "env": "ID=" + id}, false},
		"the half in another one":  {map[string]string{credential.EntryKeyID: id, credential.EntryKeySecret: half, "env": "SECRET=" + half}, false},
		"in another entry alone":   {map[string]string{"config": id}, false},
		"in the credentials alone": {map[string]string{credential.EntryCredentials: "id=" + id}, false},
	} {
		data := map[string][]byte{}
		for entry, value := range test.data {
			data[entry] = []byte(value)
		}
		if got := inForm(data, id, half); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
