package cli

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
)

// TestRecalledNamesAreEmptyUnlessGiven: an empty name is the one in the record.
func TestRecalledNamesAreEmptyUnlessGiven(t *testing.T) {
	in := newInputs()
	groups := in.recalledGroups()
	s := in.settings
	got := []string{s.PolicyName, s.UserName, s.IAMPath, s.GlobalUserSecret, s.RoleName, s.ServiceAccount, s.OIDCIssuer, s.Helm.Release, s.Helm.Namespace}
	if diff := cmp.Diff(make([]string, 9), got); diff != "" || len(s.SecretNames) > 0 {
		t.Error(diff)
	}
	if s.Timeout != bootstrap.DefaultTimeout {
		t.Errorf("timeout %s", s.Timeout)
	}
	for _, g := range groups {
		for _, o := range g.options {
			if o.name == "user-name" && o.defaultText() != "what is recorded, else external_secrets_user" {
				t.Errorf("help says %q", o.defaultText())
			}
		}
	}
}

func TestTeardownsConsentIsNeverReadFromTheEnvironment(t *testing.T) {
	consent := []string{"force", "delete-crds", "yes"}
	found := 0
	for _, g := range newTeardown(Process{}).groups {
		for _, o := range g.options {
			if !slices.Contains(consent, o.name) {
				continue
			}
			found++
			if names := o.variables(); len(names) > 0 {
				t.Errorf("--%s is read from %v", o.name, names)
			}
		}
	}
	if found != len(consent) {
		t.Errorf("%d of the flags %v are there", found, consent)
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "90d": 90 * 24 * time.Hour, "0.5d": 12 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute,
	} {
		if got, err := parseAge(text); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"90", "d", "x", "-1d", "0d", "0s", "1w"} {
		if got, err := parseAge(text); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}
