package generate

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// keyBits is the size of the key that fence signs with, and leastBits that of one that the operator gives.
const (
	keyBits   = 4096
	leastBits = 2048
)

// privateKey keeps a key that is one, and makes one where there is none.
func (p *pool) privateKey(secret, key, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return p.once(secret+"/"+key, func() (string, error) {
			made, err := rsa.GenerateKey(rand.Reader, keyBits)
			if err != nil {
				return "", fmt.Errorf("make an RSA key: %w", err)
			}
			return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(made)})), nil
		})
	}
	if bits(text) < leastBits {
		return "", fmt.Errorf("the key that the values give as %s is no RSA private key of %d bits or more, in PEM and unencrypted", key, leastBits)
	}
	return text, nil
}

// bits is the size of an RSA private key in PEM, 0 for anything else.
func bits(text string) int {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return 0
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key.N.BitLen()
	}
	if any, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if key, ok := any.(*rsa.PrivateKey); ok {
			return key.N.BitLen()
		}
	}
	return 0
}

// encryptionLine is where the chart writes fence's key, among the top-level keys.
var encryptionLine = regexp.MustCompile(`(?m)^ENCRYPTION_KEY:[^\n]*$`)

// fenceConfig gives fence's configuration a real encryption key.
func (p *pool) fenceConfig(secret, key, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", nil // there is nothing of fence's to be repaired
	}
	config := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return "", errors.New("what the chart makes of the values as " + key + " is no YAML mapping") // the error may quote them
	}
	given, _ := config["ENCRYPTION_KEY"].(string)
	switch {
	case fernet(given):
		return text, nil
	case given != "" && !placeholder(given):
		return "", errors.New("ENCRYPTION_KEY is not the base64 of 32 bytes, so that fence does not start")
	}
	made, err := p.bytes32(secret + "/" + key)
	if err != nil {
		return "", err
	}
	line := "ENCRYPTION_KEY: " + made
	if encryptionLine.MatchString(text) {
		text = encryptionLine.ReplaceAllLiteralString(text, line)
	} else {
		text = strings.TrimSuffix(text, "\n") + "\n" + line + "\n"
	}
	again := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &again); err != nil || again["ENCRYPTION_KEY"] != made {
		return "", errors.New("ENCRYPTION_KEY could not be put into what the chart makes as " + key)
	}
	return text, nil
}

// fernet reports whether a text is a key of Python's Fernet: 32 bytes in base64, of either alphabet.
func fernet(text string) bool {
	for _, encoding := range []*base64.Encoding{base64.URLEncoding, base64.StdEncoding} {
		if plain, err := encoding.DecodeString(text); err == nil && len(plain) == 32 {
			return true
		}
	}
	return false
}

// bytes32 are 32 random bytes in URL-safe base64, the same each time for the same use.
func (p *pool) bytes32(use string) (string, error) {
	return p.once(use, func() (string, error) {
		var raw [32]byte
		_, _ = rand.Read(raw[:]) // it never fails, and ends the program rather than give less
		return base64.URLEncoding.EncodeToString(raw[:]), nil
	})
}

// once remembers a random value by its use.
func (p *pool) once(use string, make func() (string, error)) (string, error) {
	if known := p.fresh[use]; known != "" {
		return known, nil
	}
	text, err := make()
	if err == nil {
		p.fresh[use] = text
	}
	return text, err
}

// appCreds gives wts its keys, and takes away the client that its environment has.
func (p *pool) appCreds(secret, key, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	creds := map[string]any{}
	if err := json.Unmarshal([]byte(text), &creds); err != nil {
		return "", errors.New("what the chart makes of the values as " + key + " is no JSON object")
	}
	delete(creds, "oidc_client_id")
	delete(creds, "oidc_client_secret")
	for _, name := range []string{"encryption_key", "secret_key"} {
		given, _ := creds[name].(string)
		if name == "encryption_key" && fernet(given) || name == "secret_key" && given != "" && !placeholder(given) {
			continue
		}
		if given != "" && !placeholder(given) {
			return "", errors.New(name + " is not the base64 of 32 bytes, so that wts does not start")
		}
		made, err := p.bytes32(secret + "/" + key + "/" + name)
		if err != nil {
			return "", err
		}
		creds[name] = made
	}
	creds["external_oidc"] = clients(creds["external_oidc"])
	return indented(creds), nil
}

// clients are the entries of a list that say something: the chart's own default has one of nothing.
func clients(v any) []any {
	list, _ := v.([]any)
	return append([]any{}, slices.DeleteFunc(list, func(v any) bool { return v == nil })...)
}

func indented(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // it came from JSON
	return b.String()
}

// emptyObject is for a file that has to be there.
func (*pool) emptyObject(_, _, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "{}", nil
	}
	return text, nil
}

// authorizationKey is what revproxy sends to the service, in base64.
const authorizationKey = "base64Authz.txt"

// loginsLine is where a service keeps who may administer it, as user:password.
var loginsLine = regexp.MustCompile(`(?m)^ADMIN_LOGINS=["']?([^:\s"',]+):([^\s"',]+)`)

// authorization encodes the login of the service that stands beside it, and else its own without the quotes.
func (p *pool) authorization(secret, _, text string) (string, error) {
	if login := p.login(secret); login != "" {
		return base64.StdEncoding.EncodeToString([]byte(login)), nil
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	login := strings.Trim(strings.TrimSpace(string(plain)), `"'`)
	if err != nil || !strings.Contains(login, ":") {
		return "", nil
	}
	return base64.StdEncoding.EncodeToString([]byte(login)), nil
}

// login is the first login that a Secret's environment file has, "" where there is none.
func (p *pool) login(secret string) string {
	for _, key := range sorted(p.content[secret]) {
		if found := loginsLine.FindStringSubmatch(p.content[secret][key].text.Reveal()); strings.HasSuffix(key, ".env") && found != nil {
			return found[1] + ":" + found[2]
		}
	}
	return ""
}

// debugLine is written as a number.
var debugLine = regexp.MustCompile(`(?m)^DEBUG=(true|false|)$`)

// emptyDatabase is a line that says nothing of the service's database.
var emptyDatabase = regexp.MustCompile(`(?m)^DB_\w+=[ \t]*(?:\n|\z)`)

func (p *pool) environment(secret, _, text string) (string, error) {
	text = emptyDatabase.ReplaceAllString(text, "")
	text = debugLine.ReplaceAllStringFunc(text, func(line string) string {
		if line == "DEBUG=true" {
			return "DEBUG=1"
		}
		return "DEBUG=0"
	})
	// A password that exists already, beside it, is the one that counts.
	if beside := p.content[secret][authorizationKey]; beside != nil && beside.fixed {
		if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(beside.text.Reveal())); err == nil && strings.Contains(string(plain), ":") {
			text = loginsLine.ReplaceAllLiteralString(text, "ADMIN_LOGINS="+string(plain))
		}
	}
	return text, nil
}
