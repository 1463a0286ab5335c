package check

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
)

// file judges what becomes one key of a Secret as it is. at is the property that it stands in, "" where it is the whole secret.
func (j *judge) file(read gen3.Read, at string, v content.Value) {
	text, format := v.Text().Reveal(), gen3.Format(read.Key)
	f := Finding{At: at}
	subject := "it"
	if at != "" {
		subject = "property " + at
		if read.Shape == gen3.Extract {
			subject = "key " + at
		}
	}
	switch inner := encoded(read.Key, format, text); {
	case strings.TrimSpace(text) == "":
		f.State, f.Says, f.Cure = Empty, subject+" is empty", "put a value into it"
	case !j.requirement.Contradicts() && within1(v, read.Key, format) != "":
		name := within1(v, read.Key, format)
		f.State, f.Says = Wrapped, fmt.Sprintf("%s is JSON that holds the content below %s, where the content itself is read", subject, name)
		f.Cure = "store what is below " + name + " as it is"
	case inner != "":
		f.State, f.Says, f.Cure = inner, fmt.Sprintf("%s is %s, where the content itself is read", subject, worded(inner)), "store the content as it is"
	case satisfies(format, text) != "":
		f.State, f.Says = WrongFormat, fmt.Sprintf("%s is to be %s (%s), and %s", subject, formatName(format), read.Key, satisfies(format, text))
		f.Cure = "store " + formatName(format)
	default:
		where := placeholders(format, text)
		if len(where) == 0 {
			return
		}
		f.State, f.Cure = Placeholder, "put the true value there, with secrets push --from-file "+j.requirement.Name+"=FILE --overwrite "+j.requirement.Name
		f.Says = subject + " is a placeholder"
		if where[0] != "" {
			f.Says = fmt.Sprintf("%s has a placeholder at %s", subject, strings.Join(where, ", "))
		}
	}
	j.add(j.ofKey(read, read.Key), f)
}

// worded says in which way a content is not itself.
func worded(s State) string {
	if s == Base64 {
		return "base64"
	}
	return "a string of JSON, with quotes and escapes"
}

func formatName(format string) string {
	return map[string]string{
		"yaml": "a YAML mapping", "json": "JSON", "private-key": "a private key in PEM", "env": "lines of NAME=VALUE", "aws-profile": "an AWS credentials file",
	}[format]
}

// within1 is the key that a file stands below, when it was put into JSON: its own name, or the only one there is.
func within1(v content.Value, key, format string) string {
	if v.Form() != content.Object {
		return ""
	}
	names := v.Properties()
	if slices.Contains(names, key) {
		return key
	}
	if format == "" || len(names) != 1 {
		return ""
	}
	text := v.Entries()[names[0]].Text().Reveal()
	if strings.Contains(text, "\n") && satisfies(format, text) == "" && !strings.HasPrefix(text, "{") {
		return names[0]
	}
	return ""
}

// within tells whether a JSON object stands in a string of JSON, or in base64.
func within(v content.Value) State {
	text := v.Text().Reveal()
	var inner string
	if json.Unmarshal([]byte(text), &inner) == nil && content.Of(redact.New(inner)).Form() == content.Object {
		return DoubleEncoded
	}
	if plain, ok := unbase64(text); ok && content.Of(redact.New(plain)).Form() == content.Object {
		return Base64
	}
	return ""
}

// encoded tells whether a content is one more time in quotes, or in base64. What is read as base64 says so in its name.
func encoded(key, format, text string) State {
	var inner string
	if strings.HasPrefix(strings.TrimSpace(text), `"`) && json.Unmarshal([]byte(text), &inner) == nil && satisfies(format, inner) == "" {
		return DoubleEncoded
	}
	if strings.Contains(strings.ToLower(key), "base64") {
		return ""
	}
	if plain, ok := unbase64(text); ok && satisfies(format, plain) == "" && (format != "" || len(plain) >= enoughUnnamed) {
		return Base64
	}
	return ""
}

// A short password may decode to text by chance; these many bytes do not.
const (
	enoughNamed   = 8  // where the text has to be of a format besides
	enoughUnnamed = 12 // otherwise
)

// unbase64 decodes base64 of text. Some passwords can be decoded as well, but to no text.
func unbase64(text string) (string, bool) {
	plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || len(plain) < enoughNamed || !utf8.Valid(plain) {
		return "", false
	}
	for _, c := range string(plain) {
		if !unicode.IsPrint(c) && !unicode.IsSpace(c) {
			return "", false
		}
	}
	return string(plain), true
}

var (
	envLine = regexp.MustCompile(`^(export\s+)?[A-Za-z_][A-Za-z0-9_]*=`)
	section = regexp.MustCompile(`^\[[^\]]+\]$`)

	lineNumber = regexp.MustCompile(`line [0-9]+`)
)

// satisfies says why a text is not of a format; "" where it is.
func satisfies(format, text string) string {
	switch format {
	case "yaml":
		document, err := parse(text)
		if err != nil {
			if at := lineNumber.FindString(err.Error()); at != "" { // the rest of the error may quote the secret
				return "is no YAML (" + at + ")"
			}
			return "is no YAML"
		}
		if document.Kind != yaml.MappingNode {
			return "is no mapping"
		}
	case "json":
		if !json.Valid([]byte(text)) {
			return "is no JSON"
		}
	case "private-key":
		return noPrivateKey(text)
	case "env":
		for i, line := range lines(text) {
			if line != "" && !strings.HasPrefix(line, "#") && !envLine.MatchString(line) {
				return fmt.Sprintf("line %d is not one", i+1)
			}
		}
	case "aws-profile":
		if !slices.ContainsFunc(lines(text), section.MatchString) || !strings.Contains(text, "aws_access_key_id") || !strings.Contains(text, "aws_secret_access_key") {
			return "has no profile with aws_access_key_id and aws_secret_access_key"
		}
	}
	return ""
}

func noPrivateKey(text string) string {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return "has no private key in it"
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			if strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
				return "the key is encrypted"
			}
			return ""
		}
	}
}

func lines(text string) []string {
	var out []string
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		out = append(out, strings.TrimSpace(s.Text()))
	}
	return out
}

// parse reads YAML without judging keys that stand there twice, which the services take.
func parse(text string) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, err //nolint:wrapcheck // it may hold content, and is never printed
	}
	if len(document.Content) == 0 {
		return &document, nil
	}
	return document.Content[0], nil
}

var (
	placeholder = regexp.MustCompile(`(?i)replace[-_ ]?me|change[-_ ]?me|^<[^<>]+>$|^testbucket$`)
	plainName   = regexp.MustCompile(`^[A-Za-z_][\w.-]{0,63}$`)
)

const (
	mostShown = 3   // places that one finding names
	mostLong  = 200 // characters of what can be a placeholder
)

func isPlaceholder(text string) bool {
	text = strings.Trim(strings.TrimSpace(text), `"'`)
	return len(text) <= mostLong && placeholder.MatchString(text)
}

// placeholders are the places in a file where a value still has to be put; "" is all of it.
func placeholders(format, text string) []string {
	var out []string
	add := func(where string) {
		if len(out) < mostShown && !slices.Contains(out, where) {
			out = append(out, where)
		}
	}
	switch format {
	case "yaml", "json":
		if document, err := parse(text); err == nil {
			scalars(document, nil, func(path []string, value string) {
				if isPlaceholder(value) {
					add(strings.Join(path, "."))
				}
			})
		}
	case "env", "aws-profile":
		for _, line := range lines(text) {
			name, value, found := strings.Cut(line, "=")
			if name = strings.TrimSpace(name); found && isPlaceholder(value) && plainName.MatchString(name) {
				add(name)
			}
		}
	default:
		if isPlaceholder(text) {
			add("")
		}
	}
	return out
}

// scalars walks the values of a document. A key that is no plain name may be content, and is not told.
func scalars(n *yaml.Node, path []string, visit func(path []string, value string)) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			if !plainName.MatchString(name) {
				name = "…"
			}
			scalars(n.Content[i+1], append(slices.Clone(path), name), visit)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			scalars(item, append(slices.Clone(path), strconv.Itoa(i)), visit)
		}
	case yaml.ScalarNode:
		visit(path, n.Value)
	case yaml.DocumentNode, yaml.AliasNode:
	}
}
