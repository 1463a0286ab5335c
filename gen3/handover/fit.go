package handover

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// Fit takes the text of a file into the shape in which a secret is read: as it is, as the one property that is read, or as a JSON object
// that has the properties. A line break at the end of a single line is left out, as no password or URL has one. The problem is why it
// cannot be, "" where it can.
func Fit(q gen3.Requirement, text redact.String) (c Content, problem string) {
	plain := text.Reveal()
	if strings.Count(plain, "\n") == 1 {
		plain = strings.TrimSuffix(strings.TrimSuffix(plain, "\n"), "\r")
	}
	text = redact.New(plain)
	switch {
	case q.Contradicts():
		return c, "it is read as a whole and by its properties, of which one is wrong: gen3-bootstrap lint names the values"
	case slices.Contains(q.Shapes, gen3.Whole):
		return Content{Text: text}, ""
	}
	v := content.Of(text)
	object := v.Form() == content.Object
	if object && (slices.Contains(q.Shapes, gen3.Extract) || hasAny(v, q.Properties)) {
		for name, entry := range v.Entries() {
			c.set(name, entry.Text().Reveal())
		}
		return c, lacking(q, c)
	}
	if len(q.Properties) == 1 && !slices.Contains(q.Shapes, gen3.Extract) {
		c.set(q.Properties[0], plain)
		return c, ""
	}
	return c, "it has to be a JSON object" + with(slices.Concat(q.Properties, q.Keys))
}

// hasAny goes by the keys themselves, since a property may also be a path into the JSON that is meant to be one property.
func hasAny(v content.Value, properties []string) bool {
	return slices.ContainsFunc(v.Properties(), func(name string) bool { return slices.Contains(properties, name) })
}

func lacking(q gen3.Requirement, c Content) string {
	var out []string
	for _, name := range slices.Concat(q.Properties, q.Keys) {
		if _, ok := c.Properties[name]; !ok && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return fmt.Sprintf("the JSON object lacks %s, which is needed of it", strings.Join(out, ", "))
}

func with(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " with " + strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
}

// Value is the content as Secrets Manager will hold it.
func (c Content) Value() content.Value {
	if c.Properties == nil {
		return content.Of(c.Text)
	}
	object := map[string]string{}
	for name, v := range c.Properties {
		object[name] = v.Reveal()
	}
	text, err := json.Marshal(object)
	if err != nil {
		panic(err) // of a mapping of texts
	}
	return content.Of(redact.New(string(text)))
}
