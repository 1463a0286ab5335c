package gen3

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// WriterKind is what writes a Secret of Kubernetes.
type WriterKind string

// The kinds of writers.
const (
	ByHelm        WriterKind = "helm"            // the chart itself
	ByOperator    WriterKind = "external-secret" // External Secrets Operator
	ByCertManager WriterKind = "certificate"     // cert-manager
	ByJob         WriterKind = "job"             // a container that calls kubectl, as far as its text tells
)

// Writer is who writes a Secret of Kubernetes.
type Writer struct {
	Secret  string
	Kind    WriterKind
	By      string   // such as "Job wts-oidc-job"
	Source  string   // its template
	Keys    []string // that it writes, as far as known
	AllKeys bool     // it may write any others as well
	Empty   []string // the keys of them that come out empty
}

// Sure reports whether the Secret is certain to be made by this writer.
func (w Writer) Sure() bool { return w.Kind != ByJob }

func writersIn(o Object) []Writer {
	switch o.Kind() {
	case "Secret":
		w := Writer{Secret: o.Name(), Kind: ByHelm, By: o.Ref(), Source: o.Source}
		for key, v := range mapping(o.Content["data"]) {
			w.add(key, decoded(v))
		}
		for key, v := range mapping(o.Content["stringData"]) {
			w.add(key, v)
		}
		slices.Sort(w.Keys)
		slices.Sort(w.Empty)
		return []Writer{w}
	case "Certificate":
		if name := o.text("spec", "secretName"); name != "" {
			return []Writer{{Secret: name, Kind: ByCertManager, By: o.Ref(), Source: o.Source, Keys: []string{"tls.crt", "tls.key", "ca.crt"}}}
		}
		return nil
	}
	return jobWriters(o)
}

func (w *Writer) add(key string, value any) {
	w.Keys = append(w.Keys, key)
	if value == nil || value == "" {
		w.Empty = append(w.Empty, key)
	}
}

func decoded(v any) any {
	if s, ok := v.(string); ok {
		if plain, err := base64.StdEncoding.DecodeString(s); err == nil {
			return string(plain)
		}
	}
	return v
}

// kubectlSecret is a call of kubectl that makes or changes a Secret. Names that a shell computes are not found.
var kubectlSecret = regexp.MustCompile(`kubectl\s+(?:-n\s+\S+\s+)?(?:patch|create|apply)\s+secrets?[ /]+(?:generic\s+)?["']?([a-z0-9][a-z0-9.-]*)`)

// jobWriters are the Secrets that the containers of a pod template write, as their text says.
func jobWriters(o Object) []Writer {
	spec := podSpec(o)
	if spec == nil {
		return nil
	}
	var out []Writer
	for _, c := range containers(spec) {
		for _, field := range []string{"command", "args"} {
			words, _ := c[field].([]any)
			for _, word := range words {
				for _, found := range kubectlSecret.FindAllStringSubmatch(str(word), -1) {
					if found[1] == "generic" || found[1] == "tls" { // and what follows is no plain name
						continue
					}
					w := Writer{Secret: found[1], Kind: ByJob, By: o.Ref(), Source: o.Source}
					if strings.Contains(str(word), "dbcreated") {
						w.Keys = []string{"dbcreated"}
					}
					if !slices.ContainsFunc(out, func(known Writer) bool { return known.Secret == w.Secret }) {
						out = append(out, w)
					}
				}
			}
		}
	}
	return out
}
