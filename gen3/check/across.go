package check

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// The names by which Gen3's services know what has to be the same in several secrets.
const (
	authorization = "base64Authz.txt" // what revproxy sends to the metadata service
	logins        = "ADMIN_LOGINS"    // whom that service lets in
)

// Across compares secrets with each other: passwords that two services have to know alike. Contents are by the secret's name; what is
// not there is not compared.
func Across(i gen3.Inventory, contents map[string]content.Value) []Finding {
	a := across{inventory: i, contents: contents}
	a.authorizations()
	a.signIns()
	return sorted(a.found)
}

type across struct {
	inventory gen3.Inventory
	contents  map[string]content.Value
	found     []Finding
}

func (a *across) add(read gen3.Read, says, cure string) {
	readers := slices.DeleteFunc(a.inventory.ReadersOf(read.Target), func(r gen3.Reader) bool { return r.Key != "" && r.Key != read.Key && read.Key != "" })
	f := Finding{State: Unequal, At: read.Property, Says: says, Cure: cure}.hit(read.Remote, readers)
	if !slices.ContainsFunc(a.found, func(o Finding) bool { return o.Name == f.Name && o.Says == f.Says }) {
		a.found = append(a.found, f)
	}
}

// part is what a reference takes; false where it is not there.
func (a *across) part(read gen3.Read) (string, bool) {
	v, there := a.contents[read.Remote]
	if !there || read.Shape == gen3.Extract {
		return "", false
	}
	if read.Shape == gen3.Property {
		if !v.Has(read.Property) {
			return "", false
		}
		v = v.At(read.Property)
	}
	return v.Text().Reveal(), true
}

var oneLogin = regexp.MustCompile(`^[^:\s"']+:[^\s"']+$`)

// authorizations: what one service sends is what the other one takes.
func (a *across) authorizations() {
	const cure = "make it anew: printf '%s' 'gateway:PASSWORD' | base64, and the same gateway:PASSWORD behind ADMIN_LOGINS="
	for _, read := range a.inventory.Reads {
		text, there := a.part(read)
		if read.Key != authorization || !there {
			continue
		}
		plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || !oneLogin.Match(plain) {
			a.add(read, read.Key+" is not the base64 of just user:password, without quotes and without a newline", cure)
			continue
		}
		for _, other := range a.inventory.Reads {
			env, there := a.part(other)
			if other.Target != read.Target || gen3.Format(other.Key) != "env" || !there {
				continue
			}
			value, found := variable(env, logins)
			switch {
			case !found:
				a.add(other, fmt.Sprintf("%s has no %s, and %s of Secret %s needs one", other.Key, logins, read.Key, read.Target), cure)
			case !slices.Contains(strings.Split(value, ","), string(plain)):
				a.add(read, fmt.Sprintf("%s and %s in %s are not the same", read.Key, logins, other.Key), cure)
			}
		}
	}
}

// variable is a value in lines of NAME=VALUE.
func variable(text, name string) (string, bool) {
	for _, line := range lines(text) {
		if value, found := strings.CutPrefix(line, name+"="); found {
			return strings.Trim(value, `"'`), true
		}
	}
	return "", false
}

// login is one user and password within a file, with the service that it is for.
type login struct{ service, user, password string }

// signIns: a service's user has one password, in the file of whoever signs in and among the service's own. Which secret holds the service's own
// is told by its Secret's name, which begins as the service's does.
func (a *across) signIns() {
	for _, read := range a.inventory.Reads {
		text, there := a.part(read)
		if !there || text == "" {
			continue
		}
		for _, l := range loginsIn(text) {
			for _, other := range a.inventory.Reads {
				v, there := a.contents[other.Remote]
				if other.Shape != gen3.Extract || other.Remote == read.Remote || !there || firstWord(other.Target) != firstWord(l.service) {
					continue
				}
				entries := v.Entries()
				if _, database := entries["host"]; database || len(entries) == 0 {
					continue
				}
				own, known := entries[l.user]
				switch {
				case !known:
					a.add(read, fmt.Sprintf("it signs in to %s as %s, whom secret %s does not have", l.service, l.user, other.Remote), "add key "+l.user+" to secret "+other.Remote+", with the same password")
				case own.Text().Reveal() != l.password:
					a.add(read, fmt.Sprintf("its password of %s for %s is not the one in secret %s", l.user, l.service, other.Remote), "put the same password into both")
				}
			}
		}
	}
}

func firstWord(name string) string {
	word, _, _ := strings.Cut(name, "-")
	return word
}

// loginsIn are the mappings of a document that have url, username and password.
func loginsIn(text string) []login {
	document, err := parse(text)
	if err != nil {
		return nil
	}
	var out []login
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			fields := map[string]string{}
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i+1].Kind == yaml.ScalarNode {
					fields[n.Content[i].Value] = n.Content[i+1].Value
				}
			}
			at, err := url.Parse(fields["url"])
			if err == nil && at.Hostname() != "" && fields["username"] != "" && fields["password"] != "" && plainName.MatchString(fields["username"]) {
				out = append(out, login{strings.Split(at.Hostname(), ".")[0], fields["username"], fields["password"]})
			}
		}
		for _, inner := range n.Content {
			walk(inner)
		}
	}
	walk(document)
	return out
}

// Synced compares the Secrets of Kubernetes with what the operator would write into them. Secrets are by name, each with its entries;
// those that are not there are not compared, and neither are those that a template makes.
func Synced(q gen3.Requirement, v content.Value, secrets map[string]map[string]redact.String) []Finding {
	j := judge{requirement: q}
	for _, read := range q.Reads {
		held, there := secrets[read.Target]
		if !there || read.Template != nil {
			continue
		}
		want := map[string]content.Value{read.Key: v}
		switch read.Shape {
		case gen3.Property:
			if !v.Has(read.Property) {
				continue // which it cannot write
			}
			want = map[string]content.Value{read.Key: v.At(read.Property)}
		case gen3.Extract:
			want = v.Entries()
		case gen3.Whole:
		}
		var differ []string
		for key, part := range want {
			if now, there := held[key]; kubeKey.MatchString(key) && (!there || !now.Equal(part.Text())) {
				differ = append(differ, key)
			}
		}
		if slices.Sort(differ); len(differ) > 0 {
			j.add(j.of(read), Finding{
				State: Unsynced, Says: fmt.Sprintf("Secret %s holds something else in %s", read.Target, strings.Join(differ, ", ")),
				Cure: "the operator writes it anew within its refresh interval; pods that read it by env or subPath have to be started anew then",
			})
		}
	}
	return sorted(j.found)
}

// kubeKey are the names that a Secret of Kubernetes takes as they are.
var kubeKey = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
