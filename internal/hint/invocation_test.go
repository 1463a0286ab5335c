package hint

import "testing"

func TestInvocation(t *testing.T) {
	t.Parallel()
	here := Invocation{"--account", "111122223333", "--context", "my cluster", "-n", "gen3"}
	for name, test := range map[string]struct {
		in    Invocation
		words []string
		want  string
	}{
		"the same target": {here, []string{"teardown", "--only", "iam-user"}, "gen3-bootstrap teardown --only iam-user --account 111122223333 --context 'my cluster' -n gen3"},
		"another one":     {here, []string{"teardown", "--account", "444455556666"}, "gen3-bootstrap teardown --account 444455556666 --context 'my cluster' -n gen3"},
		"nothing known":   {nil, []string{"up"}, "gen3-bootstrap up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.in.Command(test.words...); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
