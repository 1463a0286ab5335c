package teardown

import (
	"fmt"
	"strings"
	"testing"

	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

func TestLost(t *testing.T) {
	t.Parallel()
	byKey := external.Object{Kind: "SecretStore", Namespace: "a", Name: "by-key", Secrets: []string{"a/gen3-aws-config"}}
	byRole := external.Object{Kind: "SecretStore", Namespace: "a", Name: "by-role", Accounts: []string{"a/sa"}}
	wide := external.Object{Kind: "ClusterSecretStore", Name: "wide", Secrets: []string{"a/gen3-aws-config"}}
	other := external.Object{Kind: "SecretStore", Namespace: "b", Name: "by-key", Secrets: []string{"b/gen3-aws-config"}}
	reads := func(namespace, name, kind, store string) external.Object {
		return external.Object{Kind: "ExternalSecret", Namespace: namespace, Name: name, Stores: []external.StoreRef{{Kind: kind, Name: store}}}
	}
	all := []external.Object{
		byKey, byRole, wide, other,
		reads("a", "one", "SecretStore", "by-key"), reads("a", "two", "SecretStore", "by-role"),
		reads("b", "three", "SecretStore", "by-key"), reads("b", "four", "ClusterSecretStore", "wide"),
	}
	for name, test := range map[string]struct {
		taken taken
		want  string
	}{
		"operator": {taken{operator: true}, "by-key by-role wide by-key one two three four"},
		"CRDs":     {taken{crds: true}, "by-key by-role wide by-key one two three four"},
		"key":      {taken{secrets: []string{"a/gen3-aws-config"}}, "by-key wide one four"},
		"role":     {taken{accounts: []string{"a/sa"}}, "by-role two"},
		"nothing":  {taken{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, o := range test.taken.lost(all) {
				got = append(got, o.Name)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

func TestBlastInWords(t *testing.T) {
	t.Parallel()
	objects := []external.Object{
		{Kind: "ClusterSecretStore", Name: "wide"},
		{Kind: "SecretStore", Namespace: "b", Name: "s"},
		{Kind: "ExternalSecret", Namespace: "b", Name: "x"},
		{Kind: "ExternalSecret", Namespace: "b", Name: "y"},
	}
	owned := []external.OwnedSecret{{Namespace: "b", Name: "x-secret", Owner: "x"}, {Namespace: "b", Name: "other", Owner: "z"}, {Namespace: "c", Name: "x-secret", Owner: "x"}}
	b := blast{taken: taken{operator: true}, parts: group(objects, owned)}
	changes := b.changes(false, words.List{})
	want := "kept, with no operator to serve them: 2 ExternalSecrets (x, y), 1 SecretStore (s), 1 Secret that ExternalSecrets own (x-secret)"
	if len(changes) != 2 || changes[0].Resource.String() != "cluster/external-secrets.io" || changes[1].Resource.String() != "namespace/b" || changes[1].Reason != want || changes[1].Action != plan.Blocked {
		t.Errorf("%+v", changes)
	}
	if objects, secrets := b.total(); objects != 4 || secrets != 1 {
		t.Errorf("%d objects, %d Secrets", objects, secrets)
	}
	for i := range 20 {
		b.parts[1].secrets = append(b.parts[1].secrets, fmt.Sprintf("s%d", i))
	}
	for all, want := range map[bool]string{false: "21 Secrets that ExternalSecrets own (x-secret, s0, s1, s2, s3, s4, s5, s6, s7, s8, and 11 more)", true: "s18, s19)"} {
		if got := b.parts[1].describe(words.List{All: all}); !strings.HasSuffix(got, want) {
			t.Errorf("all %v: %s", all, got)
		}
	}
	if plan.Pending(b.changes(true, words.List{})) || len(plan.BlockedIn(b.changes(true, words.List{}))) > 0 {
		t.Errorf("forced: %+v", b.changes(true, words.List{}))
	}
}

func TestTeardownOptions(t *testing.T) {
	t.Parallel()
	const uid = "0a1b2c3d-1111-2222-3333-444455556666"
	for name, test := range map[string]struct {
		options  Options
		settings bootstrap.Settings
		want     string // in the only problem; empty: none
	}{
		"nothing":                    {},
		"one step":                   {options: Options{Only: []string{"iam-policy", "irsa-role"}}},
		"no step":                    {Options{Only: []string{"iam"}}, bootstrap.Settings{}, `--only "iam" is no step`},
		"CRDs without the release":   {Options{Only: []string{"iam-user"}, DeleteCRDs: true}, bootstrap.Settings{}, "--delete-crds"},
		"CRDs under --skip-helm":     {Options{DeleteCRDs: true}, bootstrap.Settings{SkipHelm: true}, "--delete-crds"},
		"provider left out":          {Options{Only: []string{"iam-user"}, DeleteProvider: true}, bootstrap.Settings{}, "--delete-oidc-provider"},
		"cluster":                    {options: Options{ClusterID: uid}, settings: bootstrap.Settings{Namespace: "gen3"}},
		"cluster without namespace":  {Options{ClusterID: uid}, bootstrap.Settings{}, "--namespace"},
		"cluster by its name":        {Options{ClusterID: "prod"}, bootstrap.Settings{Namespace: "gen3"}, "not the UID"},
		"provider of an unknown one": {Options{ClusterID: uid, DeleteProvider: true}, bootstrap.Settings{Namespace: "gen3"}, "--oidc-issuer"},
		"release of a cluster gone":  {Options{ClusterID: uid, Only: []string{"helm-release"}}, bootstrap.Settings{Namespace: "gen3"}, "--only helm-release"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.options.check(test.settings)
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0].Error(), test.want)) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
}
