package document

import "testing"

// TestDifferenceNamesWhatIsExcepted: a narrow document in the place of "all but" takes most rights away, which the plan says.
func TestDifferenceNamesWhatIsExcepted(t *testing.T) {
	t.Parallel()
	const have, wanted = `{"Statement":[{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:x"}]}`,
		`{"Statement":{"Effect":"Allow","Action":"secretsmanager:ListSecrets","Resource":"*"}}`
	const want = "to be taken away: all but iam:* on *, all but sts:* on *, Deny s3:* on all but arn:x; to be added: secretsmanager:ListSecrets on *"
	if got := Difference(have, wanted); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestWidens: what is narrowed, said otherwise or only denied is no widening; all else is.
func TestWidens(t *testing.T) {
	t.Parallel()
	read := func(resource, more string) string {
		return `{"Effect":"Allow","Action":["secretsmanager:GetSecretValue"],"Resource":["` + resource + `"]` + more + `}`
	}
	doc := func(statements string) string { return `{"Statement":[` + statements + `]}` }
	const onlyIf = `,"Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`
	all, some, other := read("arn:secret:*", ""), read("arn:secret:a-*", ""), read("arn:secret:b-*", "")
	const deny = `{"Effect":"Deny","Action":"s3:*","Resource":"*"}`
	for name, c := range map[string]struct {
		have, want string
		widens     bool
	}{
		"the same":                 {doc(some), doc(some), false},
		"narrower":                 {doc(all), doc(some), false},
		"wider":                    {doc(some), doc(all), true},
		"another":                  {doc(some), doc(other), true},
		"one more":                 {doc(some), doc(some + "," + other), true},
		"one less":                 {doc(some + "," + other), doc(some), false},
		"a condition more":         {doc(some), doc(read("arn:secret:a-*", onlyIf)), false},
		"a condition less":         {doc(read("arn:secret:a-*", onlyIf)), doc(some), true},
		"a denial less":            {doc(some + "," + deny), doc(some), true},
		"a denial more":            {doc(some), doc(some + "," + deny), false},
		"all but one, for another": {doc(read("*", "")), doc(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), true},
		"in place of nonsense":     {"?", doc(some), true},
	} {
		if got := Widens(c.have, c.want); got != c.widens {
			t.Errorf("%s: %v", name, got)
		}
	}
}
