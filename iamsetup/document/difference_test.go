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
