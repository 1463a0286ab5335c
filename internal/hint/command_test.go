package hint

import "testing"

func TestCommandIsSafeToPaste(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		words []string
		want  string
	}{
		"plain":        {[]string{"aws", "iam", "delete-user", "--user-name", "a_b+c=d,e.f@g-h"}, "aws iam delete-user --user-name a_b+c=d,e.f@g-h"},
		"an ARN":       {[]string{"x", "arn:aws:iam::123456789012:policy/a/b"}, "x arn:aws:iam::123456789012:policy/a/b"},
		"a command":    {[]string{"x", "a`touch b`"}, "x 'a`touch b`'"},
		"a quote":      {[]string{"x", "it's; rm"}, `x 'it'"'"'s; rm'`},
		"empty":        {[]string{"x", ""}, "x ''"},
		"a line break": {[]string{"x", "a\n'b\x1b\u202e"}, `x $'a\n\'b\x1b\u202e'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Command(test.words...); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
