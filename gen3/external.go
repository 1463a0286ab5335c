package gen3

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Shape is the form in which an ExternalSecret takes a secret of Secrets Manager.
type Shape string

// The shapes.
const (
	Whole    Shape = "whole"    // any text, taken as it is
	Property Shape = "property" // JSON, of which a part is taken
	Extract  Shape = "extract"  // a JSON object, each entry of which becomes a key
)

// Read is one reference of an ExternalSecret to Secrets Manager.
type Read struct {
	By       string // name of the ExternalSecret
	Source   string // its template
	Place    int    // of this reference within it
	Remote   string // name in Secrets Manager
	Shape    Shape
	Property string   // of Property
	Key      string   // of the Secret of Kubernetes, "" of Extract
	Target   string   // the Secret of Kubernetes
	Store    string   // "SecretStore name"
	Template []string // keys that the target's template writes
	Needs    []string // keys of the answer that this template names
}

// ID tells the reference from the others of its deployment.
func (r Read) ID() string { return fmt.Sprintf("%s/%s/%d", r.Source, r.By, r.Place) }

// Store is a SecretStore.
type Store struct {
	Ref     string   // "SecretStore name"
	Source  string   // its template
	Secrets []string // of Kubernetes, that it signs in with
	Account string   // the ServiceAccount that it signs in with
	AWS     bool
}

// Push is one reference of a PushSecret to Secrets Manager.
type Push struct {
	By       string
	Source   string
	Remote   string
	Property string
	Secret   string // of Kubernetes, that it is taken from
	Key      string // "" is all of it
	Policy   string // Replace or IfNotExists
}

func (i *Inventory) addExternalSecret(o Object) {
	spec := mapping(o.Content["spec"])
	target := cmp.Or(str(in(spec, "target", "name")), o.Name())
	store := cmp.Or(str(in(spec, "secretStoreRef", "kind")), "SecretStore") + " " + str(in(spec, "secretStoreRef", "name"))
	base := Read{By: o.Name(), Source: o.Source, Target: target, Store: store, Template: templateKeys(spec), Needs: templateNeeds(o)}
	i.odd(o, spec)
	add := func(r Read) {
		r.Place = i.placesOf(o)
		i.Reads = append(i.Reads, r)
	}
	for _, entry := range maps(spec["data"]) {
		r := base
		r.Remote, r.Property, r.Key = str(in(entry, "remoteRef", "key")), str(in(entry, "remoteRef", "property")), str(entry["secretKey"])
		r.Shape = Whole
		if r.Property != "" {
			r.Shape = Property
		}
		if str(in(entry, "remoteRef", "version")) != "" || entry["sourceRef"] != nil {
			i.unjudged(o, "a version or a source of its own")
		}
		add(r)
	}
	for _, entry := range maps(spec["dataFrom"]) {
		r := base
		r.Remote, r.Property, r.Shape = str(in(entry, "extract", "key")), str(in(entry, "extract", "property")), Extract
		if r.Remote == "" || entry["rewrite"] != nil || r.Property != "" {
			i.unjudged(o, "dataFrom with find, rewrite, a generator or a property")
		}
		if r.Remote != "" {
			add(r)
		}
	}
	if creates(spec) {
		w := Writer{Secret: target, Kind: ByOperator, By: o.Ref(), Source: o.Source, Keys: base.Template}
		if w.Keys == nil {
			for _, entry := range maps(spec["data"]) {
				w.Keys = append(w.Keys, str(entry["secretKey"]))
			}
		}
		w.AllKeys = len(maps(spec["dataFrom"])) > 0
		i.Writers = append(i.Writers, w)
	}
}

// placesOf counts the references of an ExternalSecret so far.
func (i *Inventory) placesOf(o Object) int {
	n := 0
	for _, r := range i.Reads {
		if r.By == o.Name() && r.Source == o.Source {
			n++
		}
	}
	return n
}

// odd notes what no gen3 chart uses, and what would change the meaning of the rest.
func (i *Inventory) odd(o Object, spec map[string]any) {
	if in(spec, "target", "template", "templateFrom") != nil {
		i.unjudged(o, "templateFrom")
	}
	if policy := str(spec["refreshPolicy"]); policy != "" && policy != "Periodic" {
		i.unjudged(o, "refreshPolicy "+policy)
	}
}

// creates reports whether the operator makes the target.
func creates(spec map[string]any) bool {
	policy := str(in(spec, "target", "creationPolicy"))
	return policy == "" || policy == "Owner" || policy == "Orphan"
}

// templateKeys are the keys that the target's template gives it; nil where there is none.
func templateKeys(spec map[string]any) []string {
	data := mapping(in(spec, "target", "template", "data"))
	var out []string
	for key := range data {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// templateNeeds are the keys of the answer that the target's template names as {{ .key }}.
func templateNeeds(o Object) []string {
	var out []string
	for _, v := range mapping(in(o.Content, "spec", "target", "template", "data")) {
		for _, found := range regexp.MustCompile(`\{\{-?[^}]*?\.([A-Za-z_]\w*)`).FindAllStringSubmatch(str(v), -1) {
			out = append(out, found[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (i *Inventory) addStore(o Object) {
	s := Store{Ref: o.Ref(), Source: o.Source}
	aws, isAWS := in(o.Content, "spec", "provider", "aws").(map[string]any)
	s.AWS = isAWS
	s.Account = str(in(aws, "auth", "jwt", "serviceAccountRef", "name"))
	for _, field := range []string{"accessKeyIDSecretRef", "secretAccessKeySecretRef"} {
		ref := mapping(in(aws, "auth", "secretRef", field))
		if name := str(ref["name"]); name != "" {
			s.Secrets = append(s.Secrets, name)
			i.Readers = append(i.Readers, Reader{Secret: name, Key: str(ref["key"]), By: o.Ref(), Source: o.Source, Via: ViaStore})
		}
	}
	slices.Sort(s.Secrets)
	s.Secrets = slices.Compact(s.Secrets)
	i.Stores = append(i.Stores, s)
}

func (i *Inventory) addPush(o Object) {
	spec := mapping(o.Content["spec"])
	secret := str(in(spec, "selector", "secret", "name"))
	base := Push{By: o.Name(), Source: o.Source, Secret: secret, Policy: cmp.Or(str(spec["updatePolicy"]), "Replace")}
	for _, entry := range maps(spec["data"]) {
		p := base
		p.Remote, p.Property = str(in(entry, "match", "remoteRef", "remoteKey")), str(in(entry, "match", "remoteRef", "property"))
		p.Key = str(in(entry, "match", "secretKey"))
		i.Pushes = append(i.Pushes, p)
	}
	if strings.TrimSpace(secret) == "" {
		i.unjudged(o, "a selector other than a Secret's name")
	}
}
