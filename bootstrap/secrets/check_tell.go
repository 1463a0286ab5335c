package secrets

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3"
	"github.com/uc-cdis/gen3-bootstrap/gen3/check"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// tell judges what was seen, each secret by itself and all of them together.
func (c *checker) tell(ctx context.Context, all []seen) []error {
	d := c.deployment
	contents := map[string]content.Value{}
	for _, s := range all {
		if a := s.known(); a.State == reading.Readable && !c.options.NamesOnly {
			contents[a.Name] = a.Value.Value
		}
	}
	across := check.Across(d.Inventory, contents)
	held := c.synced(ctx)
	for i, q := range d.Inventory.Requirements {
		found := c.judge(ctx, q, all[i], contents, held)
		for _, f := range across {
			if f.Name == q.Name {
				found = append(found, f)
			}
		}
		slices.SortStableFunc(found, func(a, b check.Finding) int { return cmp.Compare(a.Severity, b.Severity) })
		c.result.add(secretOf(q, d.Origins), all[i], found)
	}
	if err := c.denied(all); err != nil {
		return []error{err}
	}
	return nil
}

// judge is what is wrong with one secret by itself.
func (c *checker) judge(ctx context.Context, q gen3.Requirement, s seen, contents map[string]content.Value, held map[string]map[string]redact.String) []check.Finding {
	var found []check.Finding
	if hidden(s.by) {
		found = append(found, c.hidden(ctx, q, s.by))
	}
	a := s.known()
	if hidden(a) {
		return found
	}
	if absent, ok := c.absent(q, a); ok {
		return append(found, absent)
	}
	v, read := contents[q.Name]
	if !read {
		return found
	}
	found = append(found, check.Judge(q, v)...)
	if len(found) == 0 { // else it is no wonder
		found = check.Synced(q, v, held)
	}
	return found
}

// absent is a secret that has no value for anybody.
func (c *checker) absent(q gen3.Requirement, a reading.Answer) (check.Finding, bool) {
	aws := func(words ...string) string { return c.target.Settings.LastUp().AWS(words...) }
	switch a.State {
	case reading.Missing:
		f := check.Absent(q, check.Missing, fmt.Sprintf("Secrets Manager has no secret %s in region %s", q.Name, c.result.Region),
			"make it: "+aws("secretsmanager", "create-secret", "--name", q.Name, "--secret-string", "file://FILE"))
		if near := words.Nearest(q.Name, c.unread()); near != "" {
			f.Near, f.Says = near, f.Says+"; there is "+near
			f.Cure = "have the gen3 chart's values name " + near + ", or " + f.Cure
		}
		return f, true
	case reading.Deleted:
		return check.Absent(q, check.Deleted, "it is scheduled for deletion, and its name is taken until it is gone", "take it back: "+aws("secretsmanager", "restore-secret", "--secret-id", q.Name)), true
	case reading.NoValue:
		return check.Absent(q, check.NoValue, "it has no current value", "put one into it: "+aws("secretsmanager", "put-secret-value", "--secret-id", q.Name, "--secret-string", "file://FILE")), true
	case reading.BadName:
		return check.Absent(q, check.BadName, "no secret can have that name", "correct it in the gen3 chart's values"), true
	case reading.Readable, reading.Denied, reading.KeyDenied, reading.KeyRefused, reading.KeyMismatched, reading.Expired:
	}
	return check.Finding{}, false
}

// unread are the names that exist and that the deployment does not read: one that it reads is another secret.
func (c *checker) unread() []string {
	return slices.DeleteFunc(slices.Clone(c.names()), func(name string) bool {
		return slices.ContainsFunc(c.deployment.Inventory.Requirements, func(q gen3.Requirement) bool { return q.Name == name })
	})
}

// hidden is a secret that may not be read, with the policy or the key that is in the way.
func (c *checker) hidden(ctx context.Context, q gen3.Requirement, a reading.Answer) check.Finding {
	who := c.result.ReadAs
	if a.State == reading.KeyDenied {
		key, err := c.by.KMSKey(ctx, q.Name)
		if err != nil { // the caller may be able to see more
			key, _ = c.own.KMSKey(ctx, q.Name)
		}
		return check.Absent(q, check.KeyDenied, fmt.Sprintf("%s may not use KMS key %s, which it is encrypted with", who, cmp.Or(key, "(which may not be seen)")), c.allowing("--kms-key", c.target.Settings.KMSKeys, cmp.Or(key, "ARN")))
	}
	f := check.Absent(q, check.Denied, fmt.Sprintf("%s may not read it: %s", who, a.Says), "")
	prefixes, names := c.target.Settings.SecretPrefixes, c.target.Settings.ReadNames
	outside := len(prefixes)+len(names) > 0 && !slices.Contains(names, q.Name) && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(q.Name, p) })
	switch {
	case a.Denial.Origin != iamsetup.FromNothing && a.Denial.Origin != "":
		f.Says = fmt.Sprintf("%s may not read it: it is denied by %s", who, a.Denial.Origin)
		f.Cure = strings.Join(a.Denial.Origin.Cures("secretsmanager:GetSecretValue"), "; ")
	case c.options.AsOperator && outside && len(names) > 0:
		f.Says = fmt.Sprintf("%s may not read it: the policy is for %s that up found in values files, and for no other", who, words.Counted(len(names), "name"))
		f.Cure = c.target.Settings.LastUp().Command("up") + ", with the values that the deployment has now, allows it"
	case c.options.AsOperator && outside:
		f.Says = fmt.Sprintf("%s may not read it: the policy is for names that begin with %s alone", who, strings.Join(prefixes, ", "))
		f.Cure = c.allowing("--secret-prefix", prefixes, q.Name) + ", or correct the name in the gen3 chart's values"
	case c.options.AsOperator:
		f.Cure = c.target.Settings.LastUp().Command("verify") + " tells which policy is in the way"
	default:
		f.Cure = "look with other credentials, or with --as-operator"
	}
	return f
}

// allowing is the up that lets the operator do one thing more.
func (c *checker) allowing(flag string, before []string, more string) string {
	if !c.options.AsOperator {
		return "allow kms:Decrypt, or look with --as-operator"
	}
	if flag == "--kms-key" && slices.Contains(before, more) {
		return "the policy allows it: the key may be disabled, or its own policy be in the way: " + hint.Command("aws", "kms", "describe-key", "--key-id", more)
	}
	args := []string{"up"}
	for _, value := range append(slices.Clone(before), more) {
		args = append(args, flag, value)
	}
	return c.target.Settings.LastUp().Command(args...) + " allows it"
}
