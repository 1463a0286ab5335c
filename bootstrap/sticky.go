package bootstrap

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// sticky is one setting that the record keeps: where no flag says otherwise, it stands as the last up had it. What a run does once
// (--adopt, --yes, --skip-helm, --create-…, --timeout, what is printed) is not among them, and the operator's chart, its version and its
// values are kept by the Helm release itself.
type sticky struct {
	flag     string
	fallback string // the default of a text
	// in points to it in settings, and recorded to it in the record: each a *string, a *bool or a *[]string.
	in       func(*Settings) any
	recorded func(*Recorded) any
	// marks says what a reader of the plan must not overlook when it changes from one value to the other; nil: nothing.
	marks func(before, after []string) string
}

// stickySettings are all of them, in the order in which they are told.
func stickySettings() []sticky {
	text := func(flag, fallback string, in func(*Settings) *string, recorded func(*Recorded) *string, marks func(before, after []string) string) sticky {
		return sticky{flag, fallback, func(s *Settings) any { return in(s) }, func(r *Recorded) any { return recorded(r) }, marks}
	}
	list := func(flag string, in func(*Settings) *[]string, recorded func(*Recorded) *[]string, marks func(before, after []string) string) sticky {
		return sticky{flag, "", func(s *Settings) any { return in(s) }, func(r *Recorded) any { return recorded(r) }, marks}
	}
	return []sticky{
		text(flagAccount, "", func(s *Settings) *string { return &s.Account }, func(r *Recorded) *string { return &r.Account }, nil),
		text(flagRegion, "", func(s *Settings) *string { return &s.Region }, func(r *Recorded) *string { return &r.Region }, always(plan.MarkMoves)),
		{flagGlobalUser, "", func(s *Settings) any { return &s.UseGlobalUser }, func(r *Recorded) any { return &r.UseGlobalUser }, always(plan.MarkMode)},
		{flagIRSA, "", func(s *Settings) any { return &s.IRSA }, func(r *Recorded) any { return &r.IRSA }, always(plan.MarkMode)},
		text("policy-name", DefaultPolicyName, func(s *Settings) *string { return &s.PolicyName }, func(r *Recorded) *string { return &r.PolicyName }, nil),
		text("user-name", DefaultUserName, func(s *Settings) *string { return &s.UserName }, func(r *Recorded) *string { return &r.UserName }, nil),
		text("iam-path", DefaultIAMPath, func(s *Settings) *string { return &s.IAMPath }, func(r *Recorded) *string { return &r.IAMPath }, nil),
		text("permissions-boundary", "", func(s *Settings) *string { return &s.PermissionsBoundary }, func(r *Recorded) *string { return &r.Boundary }, widensWithout),
		list("tag", func(s *Settings) *[]string { return &s.Tags }, func(r *Recorded) *[]string { return &r.Tags }, nil),
		list(flagPrefix, func(s *Settings) *[]string { return &s.SecretPrefixes }, func(r *Recorded) *[]string { return &r.SecretPrefixes }, widensPrefixes),
		list(flagReadNames, func(s *Settings) *[]string { return &s.ReadNames }, func(r *Recorded) *[]string { return &r.ReadNames }, widensNames),
		list(flagPushNames, func(s *Settings) *[]string { return &s.PushNames }, func(r *Recorded) *[]string { return &r.PushNames }, widensNames),
		list(flagKMSKey, func(s *Settings) *[]string { return &s.KMSKeys }, func(r *Recorded) *[]string { return &r.KMSKeys }, widensMore),
		{flagPush, "", func(s *Settings) any { return &s.AllowPush }, func(r *Recorded) any { return &r.AllowPush }, widensMore},
		list("secret-name", func(s *Settings) *[]string { return &s.SecretNames }, func(r *Recorded) *[]string { return &r.SecretNames }, nil),
		text("global-user-secret", DefaultGlobalUserSecret, func(s *Settings) *string { return &s.GlobalUserSecret }, func(r *Recorded) *string { return &r.GlobalUserSecret }, nil),
		text("role-name", "", func(s *Settings) *string { return &s.RoleName }, func(r *Recorded) *string { return &r.RoleName }, nil),
		text("service-account", DefaultServiceAccount, func(s *Settings) *string { return &s.ServiceAccount }, func(r *Recorded) *string { return &r.ServiceAccount }, widensMore),
		text("oidc-issuer", "", func(s *Settings) *string { return &s.OIDCIssuer }, func(r *Recorded) *string { return &r.OIDCIssuer }, widensMore),
		text("release", DefaultRelease, func(s *Settings) *string { return &s.Helm.Release }, func(r *Recorded) *string { return &r.Release }, nil),
		text("release-namespace", DefaultReleaseNamespace, func(s *Settings) *string { return &s.Helm.Namespace }, func(r *Recorded) *string { return &r.ReleaseNamespace }, nil),
	}
}

// Flags that are asked for by name, and two that no flag has: names that were found by --secret-names-from-values.
const (
	flagAccount    = "account"
	flagRegion     = "region"
	flagGlobalUser = "use-global-user"
	flagIRSA       = "irsa"
	flagPrefix     = "secret-prefix"
	flagNames      = "secret-names-from-values"
	flagKMSKey     = "kms-key"
	flagPush       = "allow-push"
	flagReadNames  = "names to read"
	flagPushNames  = "names to write"
)

// StickyFlags are the names of the flags that need not be given again, with their defaults in words.
func StickyFlags() map[string]string {
	out := map[string]string{flagNames: ""}
	for _, x := range stickySettings() {
		if !strings.Contains(x.flag, " ") {
			out[x.flag] = x.fallback
		}
	}
	return out
}

// values are what one place holds, as its flag would spell it; none for nothing.
func values(place any) []string {
	switch v := place.(type) {
	case *string:
		if *v != "" {
			return []string{*v}
		}
	case *bool:
		if *v {
			return []string{strconv.FormatBool(*v)}
		}
	case *[]string:
		return slices.Clone(*v)
	}
	return nil
}

// put is the opposite of values.
func put(place any, all []string) {
	switch v := place.(type) {
	case *string:
		*v = strings.Join(all, "")
	case *bool:
		*v = len(all) > 0
	case *[]string:
		*v = slices.Clone(all)
	}
}

// Gave reports whether the operator said something of a flag for this run, and be it that it goes back to its default.
func (s Settings) Gave(flags ...string) bool {
	return slices.ContainsFunc(flags, func(flag string) bool { return s.Given == nil || s.Given[flag] != "" || slices.Contains(s.Unset, flag) })
}

// open reports whether a setting is for the record to say.
func (s Settings) open(x sticky) bool {
	said := s.Given[x.flag] != "" || slices.Contains(s.Unset, x.flag)
	switch x.flag {
	case flagReadNames, flagPushNames:
		said = s.Given[flagNames] != "" || slices.Contains(s.Unset, flagNames)
	case flagIRSA, flagGlobalUser: // who says one of both says how to sign in
		said = said || s.IRSA || s.UseGlobalUser
	case flagRegion: // the surroundings do not count beside the record
		return !said && s.Given != nil || s.Region == ""
	}
	return !said && len(values(x.in(&s))) == 0
}

// AsRecorded are the settings with what they leave open as the last up recorded it.
func (s Settings) AsRecorded(r Recorded) Settings {
	out := s
	for _, x := range stickySettings() {
		if s.open(x) {
			if was := values(x.recorded(&r)); len(was) > 0 || x.flag != flagRegion {
				put(x.in(&out), was)
			}
		}
	}
	return out
}

// Named returns the settings with every empty name replaced by its default, so that Check can judge them.
func (s Settings) Named() Settings {
	for _, x := range stickySettings() {
		if place := x.in(&s); x.fallback != "" && len(values(place)) == 0 {
			put(place, []string{x.fallback})
		}
	}
	return s
}

// keep takes the settings over as the record keeps them.
func (r *Recorded) keep(s Settings) {
	for _, x := range stickySettings() {
		put(x.recorded(r), values(x.in(&s)))
	}
}

// changes are the settings that differ from those of another up, which came before.
func (r Recorded) changes(before Recorded) []plan.Field {
	var out []plan.Field
	for _, x := range stickySettings() {
		was, is := values(x.recorded(&before)), values(x.recorded(&r))
		if slices.Equal(was, is) {
			continue
		}
		f := plan.Field{Name: x.flag, Before: x.shown(was), After: x.shown(is)}
		if !strings.Contains(x.flag, " ") {
			f.Name = "--" + x.flag
		}
		if x.marks != nil {
			f.Mark = x.marks(was, is)
		}
		out = append(out, f)
	}
	return out
}

// shown is a value as a plan holds it.
func (x sticky) shown(all []string) any {
	switch x.recorded(&Recorded{}).(type) {
	case *bool:
		return len(all) > 0
	case *[]string:
		if len(all) > 0 {
			return all
		}
	default:
		if len(all) > 0 {
			return all[0]
		}
	}
	return nil
}

func always(mark string) func(before, after []string) string {
	return func([]string, []string) string { return mark }
}

func widensIf(widens bool) string {
	if widens {
		return plan.MarkWidens
	}
	return ""
}

// widensWithout: what bounds no longer does, or something else does.
func widensWithout(before, _ []string) string { return widensIf(len(before) > 0) }

// widensMore: something is allowed beside what was.
func widensMore(before, after []string) string {
	return widensIf(len(words.Without(after, before)) > 0)
}

// widensNames is widensMore, where no names at all are all names.
func widensNames(before, after []string) string {
	return widensIf(len(before) > 0 && (len(after) == 0 || len(words.Without(after, before)) > 0))
}

// widensPrefixes: no prefix at all is every name.
func widensPrefixes(before, after []string) string {
	if len(before) == 0 {
		return ""
	}
	covered := func(prefix string) bool {
		return slices.ContainsFunc(before, func(b string) bool { return strings.HasPrefix(prefix, b) })
	}
	return widensIf(len(after) == 0 || slices.ContainsFunc(after, func(p string) bool { return !covered(p) }))
}

// LastUp is Invocation with all that these settings say beyond the defaults, as flags of an up that is advised or shown.
func (s Settings) LastUp() hint.Invocation {
	out := s.Invocation()
	for _, x := range stickySettings() {
		for _, value := range values(x.in(&s)) {
			_, onOff := x.in(&s).(*bool)
			switch {
			case x.flag == flagAccount, x.flag == flagRegion, strings.Contains(x.flag, " "), value == x.fallback:
			case onOff:
				out = append(out, "--"+x.flag)
			default:
				out = append(out, "--"+x.flag, value)
			}
		}
	}
	if len(s.ReadNames) > 0 {
		out = append(out, "--"+flagNames, "--gen3-version", cmp.Or(s.Gen3Version, "VERSION"))
		for _, file := range append(slices.Clone(s.Gen3Values), "VALUES.yaml")[:max(1, len(s.Gen3Values))] {
			out = append(out, "--gen3-values", file)
		}
	}
	return out
}

// Exported are the settings that are kept and are not the default, by the names of their flags.
func (s Settings) Exported() map[string]any {
	out := map[string]any{}
	for _, x := range stickySettings() {
		all := values(x.in(&s))
		if len(all) == 0 || strings.Contains(x.flag, " ") || all[0] == x.fallback {
			continue
		}
		out[x.flag] = x.shown(all)
	}
	return out
}

// unset judges --unset.
func (c *Checker) unset(s Settings) {
	known := StickyFlags()
	for _, flag := range s.Unset {
		names := slices.Sorted(maps.Keys(known))
		if near := words.Nearest(flag, names); !slices.Contains(names, flag) {
			c.Add(cmp.Or(near, strings.Join(names, ", ")), "--unset %q is not the name of a flag that is recorded", flag)
		} else if s.Given[flag] != "" {
			c.Add(fmt.Sprintf("give --%s to set it, or --unset %s for its default", flag, flag), "--unset %s: --%s is given as well", flag, flag)
		}
	}
}
