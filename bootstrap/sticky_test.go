package bootstrap

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
)

// sample is a value for a place of a setting, another one for another n.
func sample(place any, n int) []string {
	switch place.(type) {
	case *bool:
		return []string{"true"}
	case *[]string:
		return []string{string(rune('a' + n)), string(rune('b' + n))}
	default:
		return []string{string(rune('a' + n))}
	}
}

// TestSettingsStick: each setting stands as it was recorded, unless a flag says otherwise, or that it goes back to its default.
func TestSettingsStick(t *testing.T) {
	t.Parallel()
	for _, x := range stickySettings() {
		t.Run(x.flag, func(t *testing.T) {
			t.Parallel()
			var record Recorded
			recorded, other := sample(x.recorded(&record), 0), sample(x.recorded(&record), 5)
			put(x.recorded(&record), recorded)
			flag := x.flag
			if flag == flagReadNames || flag == flagPushNames {
				flag = flagNames
			}
			get := func(s Settings) []string { s = s.AsRecorded(record); return values(x.in(&s)) }
			if got := get(Settings{Given: map[string]string{}}); !slices.Equal(got, recorded) {
				t.Errorf("nothing is said: %q, recorded is %q", got, recorded)
			}
			given := Settings{Given: map[string]string{flag: "flag"}}
			put(x.in(&given), other)
			if got := get(given); !slices.Equal(got, other) {
				t.Errorf("a flag says %q: %q", other, got)
			}
			if x.flag == flagRegion || x.flag == flagAccount { // without which nothing can be done
				return
			}
			if got := get(Settings{Given: map[string]string{}, Unset: []string{flag}}); len(got) > 0 {
				t.Errorf("it is unset: %q", got)
			}
			if _, onOff := x.in(&Settings{}).(*bool); onOff {
				if got := get(Settings{Given: map[string]string{flag: "environment"}}); len(got) > 0 {
					t.Errorf("it is given as false: %q", got)
				}
			}
		})
	}
}

// TestTheSurroundingsMoveNothing: a region of AWS_REGION counts only where none is recorded.
func TestTheSurroundingsMoveNothing(t *testing.T) {
	t.Parallel()
	s := Settings{Region: "eu-west-1", Given: map[string]string{}}
	if got := s.AsRecorded(Recorded{Region: "us-east-1"}).Region; got != "us-east-1" {
		t.Error(got)
	}
	if got := s.AsRecorded(Recorded{}).Region; got != "eu-west-1" {
		t.Error(got)
	}
}

func TestChangesOfSettingsAreMarked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after Recorded
		want          []plan.Field
	}{
		"nothing": {},
		"a prefix more": {
			Recorded{SecretPrefixes: []string{"a"}},
			Recorded{SecretPrefixes: []string{"a", "b"}},
			[]plan.Field{{Name: "--secret-prefix", Before: []string{"a"}, After: []string{"a", "b"}, Mark: plan.MarkWidens}},
		},
		"a longer prefix": {
			Recorded{SecretPrefixes: []string{"a"}},
			Recorded{SecretPrefixes: []string{"ab"}},
			[]plan.Field{{Name: "--secret-prefix", Before: []string{"a"}, After: []string{"ab"}}},
		},
		"no prefix any more": {
			Recorded{SecretPrefixes: []string{"a"}},
			Recorded{},
			[]plan.Field{{Name: "--secret-prefix", Before: []string{"a"}, Mark: plan.MarkWidens}},
		},
		"a prefix where none was": {
			Recorded{},
			Recorded{SecretPrefixes: []string{"a"}},
			[]plan.Field{{Name: "--secret-prefix", After: []string{"a"}}},
		},
		"names no more": {
			Recorded{ReadNames: []string{"x"}},
			Recorded{},
			[]plan.Field{{Name: "names to read", Before: []string{"x"}, Mark: plan.MarkWidens}},
		},
		"push": {
			Recorded{},
			Recorded{AllowPush: true},
			[]plan.Field{{Name: "--allow-push", Before: false, After: true, Mark: plan.MarkWidens}},
		},
		"no push any more": {
			Recorded{AllowPush: true},
			Recorded{},
			[]plan.Field{{Name: "--allow-push", Before: true, After: false}},
		},
		"another region": {
			Recorded{Region: "r"},
			Recorded{Region: "s"},
			[]plan.Field{{Name: "--region", Before: "r", After: "s", Mark: plan.MarkMoves}},
		},
		"another mode": {
			Recorded{},
			Recorded{IRSA: true},
			[]plan.Field{{Name: "--irsa", Before: false, After: true, Mark: plan.MarkMode}},
		},
		"no boundary any more": {
			Recorded{Boundary: "b"},
			Recorded{},
			[]plan.Field{{Name: "--permissions-boundary", Before: "b", Mark: plan.MarkWidens}},
		},
		"another name": {
			Recorded{UserName: "u"},
			Recorded{UserName: "v"},
			[]plan.Field{{Name: "--user-name", Before: "u", After: "v"}},
		},
	} {
		if diff := cmp.Diff(c.want, c.after.changes(c.before)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAgreement: exactly what was agreed to, or what is another.
func TestAgreement(t *testing.T) {
	t.Parallel()
	change := func(name string, a plan.Action, value string) plan.Change {
		return plan.Change{Step: "s", Resource: plan.Of("k", name), Action: a, Fields: []plan.Field{{Name: "f", After: value}}}
	}
	agreed := AgreementOf(Result{Account: "1", Namespace: "n", Changes: []plan.Change{change("a", plan.Create, "x"), change("b", plan.Update, "x"), change("c", plan.None, "")}})
	for name, c := range map[string]struct {
		now  Result
		want []string
	}{
		"the same":  {Result{Account: "1", Namespace: "n", Changes: []plan.Change{change("b", plan.Update, "x"), change("a", plan.Create, "x")}}, nil},
		"elsewhere": {Result{Account: "2", Namespace: "n", Changes: agreed.Changes}, []string{"account is 2 and was 1"}},
		"more":      {Result{Account: "1", Namespace: "n", Changes: append(slices.Clone(agreed.Changes), change("d", plan.Delete, ""))}, []string{"delete k/d is new"}},
		"less":      {Result{Account: "1", Namespace: "n", Changes: agreed.Changes[:1]}, []string{"update k/b is not to be done any more"}},
		"another":   {Result{Account: "1", Namespace: "n", Changes: []plan.Change{change("a", plan.Adopt, "x"), change("b", plan.Update, "y")}}, []string{"k/a would be to adopt, and was to create", "update k/b would be another one"}},
	} {
		if diff := cmp.Diff(c.want, agreed.differs(c.now)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
