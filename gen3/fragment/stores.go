package fragment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// separateStores has each chart read from a SecretStore of its own.
func (m *maker) separateStores() error {
	before := m.current
	if err := m.add(nested([]string{"global", externals, "separateSecretStore"}, true)); err != nil {
		return err
	}
	if len(m.current.Stores) <= len(before.Stores) && !slices.ContainsFunc(m.current.Reads, func(r gen3.Read) bool { return !refers(before, r.Store) }) {
		m.refuse("leave it out", "--separate-stores: the chart makes no further SecretStore with it")
	}
	return nil
}

func refers(i gen3.Inventory, store string) bool {
	return slices.ContainsFunc(i.Reads, func(r gen3.Read) bool { return r.Store == store })
}

// judgeStores says of which SecretStores nobody makes, and how the others sign in.
func (m *maker) judgeStores() {
	made := map[string]gen3.Store{}
	for _, s := range m.current.Stores {
		made[s.Ref] = s
	}
	missing := map[string][]string{}
	for _, r := range m.current.Reads {
		if _, ok := made[r.Store]; !ok && strings.HasPrefix(r.Store, "SecretStore ") {
			missing[r.Store] = words.AddOnce(missing[r.Store], chartOf(r.Source))
		}
	}
	for _, r := range m.current.Reads {
		charts := missing[r.Store]
		if charts == nil {
			continue
		}
		delete(missing, r.Store)
		what := fmt.Sprintf("chart %s reads from %s, which nothing makes", strings.Join(charts, ", "), r.Store)
		if !m.separate() {
			m.warn("%s", what)
			continue
		}
		m.refuse("switch that chart off in your values where you do not use it ("+charts[0]+".enabled: false), or leave --separate-stores out", "--separate-stores: %s", what)
	}
	m.judgeSigning()
}

// separate reports whether the fragment asks for SecretStores of their own.
func (m *maker) separate() bool {
	return m.valueOf("global", externals, "separateSecretStore") == true
}

// judgeSigning says which Secrets the SecretStores read their access key from, where there are several, and that one role separates nothing.
func (m *maker) judgeSigning() {
	var secrets, accounts []string
	n := 0
	for _, s := range m.current.Stores {
		if !s.AWS {
			continue
		}
		n++
		for _, secret := range s.Secrets {
			secrets = words.AddOnce(secrets, secret)
		}
		if s.Account != "" {
			accounts = words.AddOnce(accounts, s.Account)
		}
	}
	if n > 1 && len(accounts) == 1 && len(secrets) == 0 {
		m.warn("all %d SecretStores sign in with ServiceAccount %s and its role: they are separate by name only", n, accounts[0])
	}
	slices.Sort(secrets)
	for _, secret := range secrets {
		for _, w := range m.current.WritersOf(secret) {
			if w.Kind == gen3.ByHelm && len(w.Empty) > 0 {
				m.refuse("give the access key in your values, or sign in with a role (--irsa)",
					"SecretStores sign in with Secret %s, which the chart itself makes with nothing in %s: Helm would take over or refuse one that `up` wrote", secret, strings.Join(w.Empty, ", "))
			}
		}
	}
	for _, account := range accounts {
		if !slices.ContainsFunc(m.now.Objects, func(o gen3.Object) bool { return o.Kind() == "ServiceAccount" && o.Name() == account }) {
			m.warn("nothing in this chart makes ServiceAccount %s, with which its SecretStore signs in: the gen3 chart makes it, in a release of its own in the same namespace", account)
		}
	}
	m.out.KeySecrets = secrets
}

// chartOf is the chart that a template belongs to.
func chartOf(source string) string {
	parts := strings.Split(source, "/")
	name := parts[0]
	for i := 1; i+1 < len(parts) && parts[i] == "charts"; i += 2 {
		name = parts[i+1]
	}
	return name
}
