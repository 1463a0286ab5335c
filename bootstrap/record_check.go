package bootstrap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/oidcprovider"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube"
)

// recordedMax is how many ups with other names a record may tell of, and how many Secrets it may name in all: each of them is
// looked at.
const recordedMax = 100

// loadRecord reads the record and judges it as flags are judged. Whoever may edit ConfigMaps in the namespace writes it, so
// what no up would have written ends the run, before any name in it is looked up, printed or made part of a command.
func (t *target) loadRecord(ctx context.Context) error {
	t.last = nil
	if err := t.record.Load(ctx); err != nil || !t.record.Exists() {
		return err // it names the record
	}
	last, err := parseRecorded(t.record.Settings())
	if err != nil {
		return t.record.Refused(err)
	}
	t.last = last
	return nil
}

// parseRecorded reads a record's text. The error names everything in it that is not legal.
func parseRecorded(text []byte) (*Recorded, error) {
	var r Recorded
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return nil, fmt.Errorf("its settings are not those of an up: %w", err)
	}
	if err := r.tooMuch(); err != nil {
		return nil, err
	}
	var problems []error
	for _, e := range r.entries() {
		problems = append(problems, e.check()...)
	}
	if len(problems) == 0 {
		return &r, nil
	}
	first := problems[0]
	if more := len(problems) - 1; more > 0 {
		first = fmt.Errorf("%w (and %s)", first, words.Counted(more, "other value"))
	}
	return nil, fmt.Errorf("no up records this: %w", first)
}

// tooMuch says which of a record's limits it breaks: an up that would write it is refused as one that would read it is.
func (r *Recorded) tooMuch() error {
	entries := r.entries()
	if len(entries) > recordedMax {
		return fmt.Errorf("it tells of %d ups with other names, and a record of at most %d", len(entries), recordedMax)
	}
	secrets := map[string]bool{}
	for _, e := range entries {
		for _, name := range e.SecretNames {
			secrets[name] = true
		}
	}
	if len(secrets) > recordedMax {
		return fmt.Errorf("it names %d Secrets, and a record at most %d", len(secrets), recordedMax)
	}
	if size := len(r.text()); size > kube.RecordMax {
		return fmt.Errorf("it has %d bytes, and a record has at most %d", size, kube.RecordMax)
	}
	return nil
}

// text is what the record holds.
func (r *Recorded) text() []byte {
	text, _ := json.MarshalIndent(r, "", "  ") // strings and booleans
	return text
}

// check judges each value as the flag that it came from.
func (r Recorded) check() []error {
	s := r.settings().named()
	var c checker
	c.target(s)
	c.iam(s)
	c.secrets(s)
	s.IRSA = true // for the name of its ServiceAccount
	c.authentication(s)
	if known := iamsetup.PartitionOf(r.Region); known != r.Partition {
		c.add("", "partition %q is not that of region %q", r.Partition, r.Region)
	}
	if !uidForm.MatchString(r.Cluster) {
		c.add("", "cluster %q is not the UID of a cluster", r.Cluster)
	}
	if !slices.Contains([]string{"", modeKeys, modeGlobalUser, modeIRSA, modeIRSAAndGlobal}, r.Mode) {
		c.add("", "mode %q is none", r.Mode)
	}
	if r.OIDCIssuer != "" {
		if err := oidcprovider.CheckIssuer(r.OIDCIssuer); err != nil {
			c.add("", "--oidc-issuer: %w", err)
		}
	}
	if len(validation.IsDNS1123Subdomain(s.Helm.Release)) > 0 {
		c.add("", "--release %q is not legal", s.Helm.Release)
	}
	if len(validation.IsDNS1123Label(s.Helm.Namespace)) > 0 {
		c.add("", "--release-namespace %q is not legal", s.Helm.Namespace)
	}
	return c.problems
}

// settings are those of the up that was recorded.
func (r Recorded) settings() Settings {
	s := Settings{Account: r.Account, Region: r.Region, Timeout: DefaultTimeout}.asRecorded(r)
	s.UseGlobalUser = true // for the name of its Secret
	return s
}

var uidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
