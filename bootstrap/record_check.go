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

// madeMax is how many things a record may name: each of them is looked at.
const madeMax = 200

// LoadRecord reads the record and judges it as flags are judged. Whoever may edit ConfigMaps in the namespace writes it, so
// what no up would have written ends the run, before any name in it is looked up, printed or made part of a command.
func (t *Target) LoadRecord(ctx context.Context) error {
	t.Last = nil
	if err := t.Record.Load(ctx); err != nil || !t.Record.Exists() {
		return err
	}
	last, err := parseRecorded(t.Record.Settings())
	if err != nil {
		return t.Record.Refused(err)
	}
	t.Last = last
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
	problems := r.check()
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
	if len(r.Made) > madeMax {
		return fmt.Errorf("it names %d things, and a record at most %d", len(r.Made), madeMax)
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

// check judges each value as the flag that it came from, and what is wrong with several of them once.
func (r Recorded) check() []error {
	s := r.settings().Named()
	var c Checker
	c.names(s)
	if known := iamsetup.PartitionOf(r.Region); known != r.Partition {
		c.Add("", "partition %q is not that of region %q", r.Partition, r.Region)
	}
	if !UIDForm.MatchString(r.Cluster) {
		c.Add("", "cluster %q is not the UID of a cluster", r.Cluster)
	}
	for _, m := range r.Made {
		named, err := m.settings(s)
		if err != nil {
			c.Problems = append(c.Problems, err)
			continue
		}
		c.names(named)
		if m.Cluster != "" && !UIDForm.MatchString(m.Cluster) {
			c.Add("", "cluster %q is not the UID of a cluster", m.Cluster)
		}
	}
	told := map[string]bool{}
	return slices.DeleteFunc(c.Problems, func(err error) bool {
		again := told[err.Error()]
		told[err.Error()] = true
		return again
	})
}

// names judges those settings that a record keeps.
func (c *Checker) names(s Settings) {
	c.Target(s)
	c.IAM(s)
	c.Secrets(s)
	s.IRSA = true // for the name of its ServiceAccount
	c.Authentication(s)
	if s.OIDCIssuer != "" {
		if err := oidcprovider.CheckIssuer(s.OIDCIssuer); err != nil {
			c.Add("", "--oidc-issuer: %w", err)
		}
	}
	if len(validation.IsDNS1123Subdomain(s.Helm.Release)) > 0 {
		c.Add("", "--release %q is not legal", s.Helm.Release)
	}
	if len(validation.IsDNS1123Label(s.Helm.Namespace)) > 0 {
		c.Add("", "--release-namespace %q is not legal", s.Helm.Namespace)
	}
}

// settings are those of the up that was recorded.
func (r Recorded) settings() Settings {
	s := Settings{Account: r.Account, Region: r.Region, Timeout: DefaultTimeout}.AsRecorded(r)
	s.UseGlobalUser = true // for the name of its Secret
	return s
}

// UIDForm is the form of a cluster's id: the UID of its Namespace kube-system.
var UIDForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
