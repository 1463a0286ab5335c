package kube

import "testing"

// TestInForm: a Secret that keeps the key in an entry of somebody else's would hold the dead key there after a rotation.
func TestInForm(t *testing.T) {
	t.Parallel()
	const id, half = "AKIAIOSFODNN7EXAMPLE", "half"
	for name, test := range map[string]struct {
		data map[string]string
		want bool
	}{
		"the three entries":        {map[string]string{EntryKeyID: id + "\n", EntryKeySecret: half, entryCredentials: "id=" + id}, true},
		"with another entry":       {map[string]string{EntryKeyID: id, EntryKeySecret: half, "region": "us-east-1"}, true},
		"the id in another entry":  {map[string]string{EntryKeyID: id, EntryKeySecret: half, "env": "ID=" + id}, false},
		"the half in another one":  {map[string]string{EntryKeyID: id, EntryKeySecret: half, "env": "SECRET=" + half}, false},
		"in another entry alone":   {map[string]string{"config": id}, false},
		"in the credentials alone": {map[string]string{entryCredentials: "id=" + id}, false},
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
