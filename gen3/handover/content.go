package handover

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// Content is what a secret of Secrets Manager is to hold.
type Content struct {
	Text       redact.String            // the whole of it, where there are no properties
	Properties map[string]redact.String // of a JSON object
}

// Refusal is a reason not to push, with what helps.
type Refusal struct {
	Reason string
	Cure   string // "" where nothing is known
}

// Of takes a Secret's content into the shape of the route. Nothing is taken while the refusals are not empty. No value is in what it
// says.
func (r Route) Of(data map[string][]byte, namespace string) (c Content, refused []Refusal, warnings []string) {
	refuse := func(cure, format string, args ...any) {
		refused = append(refused, Refusal{Reason: fmt.Sprintf(format, args...), Cure: cure})
	}
	if r.Odd != "" {
		refuse("", "what belongs there cannot be told: %s", r.Odd)
		return c, refused, nil
	}
	values := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		text := string(data[key])
		if !utf8.ValidString(text) {
			refuse("", "key %s of Secret %s holds bytes that are no text", key, r.Secret)
		}
		values[key] = text
	}
	if r.Marker != "" {
		values, warnings = r.credentials(values, namespace, refuse)
	}
	for _, key := range r.wanted() {
		if _, ok := values[key]; ok || key == r.Marker {
			continue
		}
		if r.spare(key) {
			values[key] = nothing(key)
			warnings = append(warnings, fmt.Sprintf("Secret %s has no key %s, which nothing reads and ExternalSecret %s asks for: an empty one is written", r.Secret, key, r.By))
		} else {
			refuse(r.waits(namespace), "Secret %s has no key %s, which is needed of it", r.Secret, key)
		}
	}
	if len(values) == 0 && len(refused) == 0 {
		refuse(r.waits(namespace), "Secret %s is empty", r.Secret)
	}
	if len(refused) > 0 {
		return c, refused, warnings
	}
	for _, p := range r.Parts {
		switch {
		case p.Key == "":
			for key, text := range values {
				c.set(key, text)
			}
		case p.Property == "":
			c.Text = redact.New(values[p.Key])
		default:
			c.set(p.Property, values[p.Key])
		}
	}
	return c, nil, warnings
}

func (c *Content) set(property, text string) {
	if c.Properties == nil {
		c.Properties = map[string]redact.String{}
	}
	c.Properties[property] = redact.New(text)
}

// wanted are the keys that must be there.
func (r Route) wanted() []string {
	out := slices.Clone(r.Required)
	for _, p := range r.Parts {
		if p.Key != "" && !slices.Contains(out, p.Key) {
			out = append(out, p.Key)
		}
	}
	slices.Sort(out)
	return out
}

// spare reports whether a key that is not there need not be: an ExternalSecret takes it as one property of several, or it would write
// nothing at all, and neither pods read it nor a job is to fill it.
func (r Route) spare(key string) bool {
	whole := slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Key == key && p.Property == "" })
	return !whole && len(r.Parts) > 1 && r.Job == "" && !slices.Contains(r.Required, key)
}

// nothing is an empty content of the form that a key's name promises.
func nothing(key string) string {
	if path.Ext(key) == ".json" {
		return "{}"
	}
	return ""
}

// waits says how to see what a job that fills the Secret is at; "" where there is none.
func (r Route) waits(namespace string) string {
	if r.Job == "" {
		return ""
	}
	kind, name, _ := strings.Cut(r.Job, " ")
	return "it is filled by " + r.Job + ": " + hint.Command("kubectl", "-n", namespace, "get", strings.ToLower(kind), name) + " shows how far that is"
}

// credentials are those of a database that a job made. The job enters "true" with a line break, which no other writer does.
func (r Route) credentials(values map[string]string, namespace string, refuse func(cure, format string, args ...any)) (map[string]string, []string) {
	var warnings []string
	if text, ok := values[r.Marker]; ok {
		values[r.Marker] = strings.TrimSpace(text)
	}
	if values[r.Marker] != "true" {
		who := cmp.Or(r.Job, "the job that makes the database")
		refuse(cmp.Or(r.waits(namespace), "run this again once the job has succeeded"), "%s has not made the database yet: Secret %s has no %s", who, r.Secret, r.Marker)
	}
	if host := strings.TrimSpace(values["host"]); gen3.InCluster(host, namespace) {
		refuse("use a database outside of the cluster: global.dev: false, and its host in global.postgres.master.host",
			"its host is a database in the cluster itself, which ends with the cluster; what is in Secrets Manager would outlive it")
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if strings.HasSuffix(values[key], "\n") {
			warnings = append(warnings, fmt.Sprintf("key %s of Secret %s ends with a line break, which goes along: who reads it may take it for a part of the value", key, r.Secret))
		}
	}
	return values, warnings
}

// Join puts two contents for one secret of Secrets Manager together. False: they contradict each other.
func (c Content) Join(o Content) (Content, bool) {
	if (c.Properties == nil) != (o.Properties == nil) || c.Properties == nil && !c.Text.Equal(o.Text) {
		return c, false
	}
	out := Content{Text: c.Text, Properties: maps.Clone(c.Properties)}
	for name, v := range o.Properties {
		if have, ok := out.Properties[name]; ok && !have.Equal(v) {
			return c, false
		}
		out.Properties[name] = v
	}
	return out, true
}
