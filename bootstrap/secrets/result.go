// Package secrets is the commands that are about what a gen3 deployment reads from Secrets Manager. No value of a secret, nor of the
// operator's values files, is in what they return.
package secrets

import (
	"github.com/uc-cdis/gen3-bootstrap/bootstrap"
	"github.com/uc-cdis/gen3-bootstrap/bootstrap/deployment"
	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/render"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Result is what secrets list found, and the document that -o json prints for it.
type Result struct {
	Command   string              `json:"command"`
	Source    string              `json:"source"` // files, release or live
	Release   string              `json:"release,omitempty"`
	Namespace string              `json:"namespace,omitempty"`
	Chart     deployment.Chart    `json:"chart"`
	Secrets   []Secret            `json:"secrets"`
	Unnamed   string              `json:"setByUnknown,omitempty"` // why no setBy is known
	Compared  *Comparison         `json:"compared,omitempty"`
	LeftOut   []render.LeftOut    `json:"leftOut"`  // dependencies that are switched on and were not rendered
	Unjudged  []string            `json:"unjudged"` // what the objects use that is not understood here
	Warnings  []bootstrap.Warning `json:"warnings"`
	Errors    []bootstrap.Problem `json:"errors"`
}

// Secret is what one secret of Secrets Manager must be.
type Secret struct {
	Name            string        `json:"name"`
	Shapes          []gen3.Shape  `json:"shapes"` // whole, property or extract; more than one contradict each other
	Properties      []string      `json:"properties"`
	Keys            []string      `json:"keys"`    // of extract: those that pods require
	Formats         []string      `json:"formats"` // of whole: yaml, json, private-key, env or aws-profile
	Severity        gen3.Severity `json:"severity"`
	SetBy           []string      `json:"setBy"`              // values that set the name
	AlsoKubernetes  bool          `json:"alsoKubernetesName"` // the value becomes a name in Kubernetes as well
	ExternalSecrets []string      `json:"externalSecrets"`    // that read it
	KubeSecrets     []string      `json:"kubernetesSecrets"`  // that are made of it
	Stores          []string      `json:"stores"`
	Readers         []Reader      `json:"readers"`
}

// Reader is who reads the Secrets of Kubernetes that are made of it.
type Reader struct {
	By        string   `json:"by"`
	Container string   `json:"container,omitempty"`
	Secret    string   `json:"secret"`
	Keys      []string `json:"keys"` // none is all of it
	Via       gen3.Via `json:"via"`
	Optional  bool     `json:"optional"`
	Without   string   `json:"without"` // what happens when it is missing
	Restart   bool     `json:"restart"` // it has to be started anew to see a change
}

// Comparison is what another version of the chart would read.
type Comparison struct {
	Version string   `json:"version"`
	Changes []Change `json:"changes"`
}

// Change is what differs of one secret.
type Change struct {
	Name   string  `json:"name"`
	Before *Secret `json:"before"` // null: it is not read
	After  *Secret `json:"after"`  // null: it is read no more
}

// NewResult is the document of a run that has found nothing yet.
func NewResult(command string) Result {
	return Result{Command: command, Secrets: []Secret{}, LeftOut: []render.LeftOut{}, Unjudged: []string{}, Warnings: []bootstrap.Warning{}, Errors: []bootstrap.Problem{}}
}

// fill takes over what was read of a deployment, as far as that came.
func (r *Result) fill(d *deployment.Deployment) {
	r.Source, r.Release, r.Namespace, r.Chart, r.Unnamed = d.Source, d.Release, d.Namespace, d.Chart, d.Unnamed
	r.Warnings = append(r.Warnings, bootstrap.Warned("deployment-note", d.Warnings...)...)
	if d.Rendered != nil {
		r.LeftOut = append(r.LeftOut, d.Rendered.LeftOut...)
	}
	for _, q := range d.Inventory.Requirements {
		r.Secrets = append(r.Secrets, secretOf(q, d.Origins))
	}
	r.Unjudged = append(r.Unjudged, d.Inventory.Unjudged...)
}

// secretOf puts a requirement into its place in a document.
func secretOf(r gen3.Requirement, origins map[string]render.Origin) Secret {
	out := Secret{
		Name: r.Name, Shapes: r.Shapes, Severity: r.Severity, SetBy: []string{}, Stores: []string{}, ExternalSecrets: []string{},
		Properties: append([]string{}, r.Properties...), Keys: append([]string{}, r.Keys...), Formats: append([]string{}, r.Formats...),
		KubeSecrets: append([]string{}, r.Targets()...), Readers: readersOf(r.Readers),
	}
	for _, read := range r.Reads {
		out.ExternalSecrets = words.AddOnce(out.ExternalSecrets, read.By)
		out.Stores = words.AddOnce(out.Stores, read.Store)
		if o := origins[read.ID()]; o.Path != "" {
			out.SetBy = words.AddOnce(out.SetBy, o.Path)
			out.AlsoKubernetes = out.AlsoKubernetes || o.Kubernetes
		}
	}
	return out
}

// readersOf puts the keys that one container reads in one way together.
func readersOf(readers []gen3.Reader) []Reader {
	out := []Reader{}
	at := map[gen3.Reader]int{}
	for _, r := range readers {
		same := r
		same.Key, same.Source = "", ""
		i, known := at[same]
		if !known {
			i = len(out)
			at[same] = i
			out = append(out, Reader{By: r.By, Container: r.Container, Secret: r.Secret, Via: r.Via, Optional: r.Optional, Without: r.Without(), Restart: r.Restart(), Keys: []string{}})
		}
		if r.Key != "" {
			out[i].Keys = words.AddOnce(out[i].Keys, r.Key)
		}
	}
	return out
}
