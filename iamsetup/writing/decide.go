package writing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uc-cdis/gen3-bootstrap/iamsetup"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/redact"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// seen is what one look at a secret showed.
type seen struct {
	answer  reading.Answer
	tags    iamsetup.Tags // nil: there is none, or Unknown says why they are not known
	deleted time.Time     // when it was scheduled for deletion; zero: it is not
	unknown string        // why its tags are not known, in AWS's words; "" where they are
}

// write is what is to be sent for a secret.
type write int

const (
	nothing write = iota
	create
	restore // and then decide anew by what it holds
	put
	tag
)

// decision is what becomes of one item.
type decision struct {
	plan.Change

	write write
	text  redact.String // of create and put
	over  bool          // the put takes something away that is there
	// theirs: it was made for other namespaces, and not for this one.
	theirs bool
	base   string        // version that it is put over; "" where there is none
	tags   iamsetup.Tags // that are missing, of a secret of ours
}

// externalSecrets is the value of the tag managed-by that the operator puts on what it pushes. It may write over such a secret, or delete it,
// at any time.
const externalSecrets = "external-secrets"

// decide judges one item by what is there. It is pure.
func decide(i Item, s seen, o Options, marks iamsetup.Tags) decision {
	d := decision{Change: plan.Change{Step: Step, Resource: plan.Of(plan.Stored, i.Name), Action: plan.None}}
	switch s.answer.State {
	case reading.Readable:
		return d.existing(i, s, o, marks)
	case reading.Missing:
		return d.absent(i, marks)
	case reading.Deleted:
		return d.scheduled(i, s, o, marks)
	case reading.NoValue:
		return d.empty(i, s, o, marks)
	case reading.Denied:
		return d.blocked("it may not be read, so that nobody can tell whether it is there: "+s.answer.Says, s.answer.Denial.Origin.Cures("secretsmanager:GetSecretValue")...)
	case reading.KeyDenied:
		return d.blocked("it is there and its value may not be decrypted: "+s.answer.Says, "give the caller kms:Decrypt for its KMS key, in the caller's policy and in the key's")
	case reading.BadName:
		return d.blocked("no secret of Secrets Manager can have that name: "+s.answer.Says, "correct the value that sets it")
	case reading.KeyRefused, reading.KeyMismatched, reading.Expired:
	}
	return d.blocked("AWS refused to read it: " + s.answer.Says)
}

func (d decision) blocked(reason string, cures ...string) decision {
	d.Change = iamsetup.Blocked(d.Change, fmt.Sprintf("secret %s of Secrets Manager: %s", d.Resource.Name, reason), cures...)
	d.write = nothing
	return d
}

// sized blocks what Secrets Manager would refuse for its length.
func (d decision) sized(i Item, have content.Value) decision {
	text, err := i.over(have)
	n := len(text.Reveal())
	switch {
	case err != nil:
		return d.blocked(err.Error())
	case n == 0:
		return d.blocked("there is nothing to put into it: the content is empty")
	case n > MaxBytes:
		return d.blocked(fmt.Sprintf("the content has %d bytes, and Secrets Manager takes %d", n, MaxBytes))
	}
	d.text = text
	return d
}

func (d decision) absent(i Item, marks iamsetup.Tags) decision {
	if !legalName.MatchString(i.Name) {
		return d.blocked("no secret of Secrets Manager can have that name: it has 1 to 512 letters, digits and any of /_+=.@-", "correct the value that sets it")
	}
	d.Action, d.Reason, d.write, d.tags = plan.Create, "it does not exist"+from(i), create, marks
	return d.sized(i, content.Value{})
}

func from(i Item) string {
	if i.From == "" {
		return ""
	}
	return "; from " + i.From
}

func (d decision) scheduled(i Item, s seen, o Options, marks iamsetup.Tags) decision {
	when, whose := "", ""
	if s.tags != nil {
		whose = s.foreign(marks)
	}
	if !s.deleted.IsZero() {
		when = " since " + s.deleted.UTC().Format("2006-01-02")
	}
	switch {
	case s.pushed():
		return d.pushed()
	case !o.Restore && i.Keep:
		return d.blocked(whose+"it is scheduled for deletion"+when+", and its name is taken until it is gone", "--restore takes it back, with what it holds")
	case !o.Restore:
		return d.blocked(whose+"it is scheduled for deletion"+when+", and its name is taken until it is gone", "--restore takes it back; what it holds stays, and is then compared with ours")
	}
	d.Action, d.Reason, d.write = plan.Update, whose+"is taken back from deletion"+from(i)+", unless it holds something else", restore
	if i.Keep {
		d.Reason = whose + "is taken back from deletion, with what it holds"
	}
	return d
}

// pushed reports whether it belongs to a PushSecret.
func (s seen) pushed() bool { return s.tags[iamsetup.TagManagedBy] == externalSecrets }

func (d decision) pushed() decision {
	return d.blocked("it belongs to External Secrets Operator, which may write over it or delete it (tag managed-by=external-secrets)",
		"leave it to the PushSecret that writes it; or delete that PushSecret and take the tag off, once you know that nothing else pushes it")
}

func (d decision) empty(i Item, s seen, o Options, marks iamsetup.Tags) decision {
	switch {
	case s.pushed():
		return d.pushed()
	case s.unknown != "":
		return d.undescribed(s)
	case s.foreign(marks) != "" && i.Keep:
		return d.blocked(s.foreign(marks)+"it has no current value", "ask who made it, and put a value into it")
	case s.foreign(marks) != "" && !o.overwrites(i.Name):
		return d.blocked(s.foreign(marks)+"it has no current value", s.cures(i, "puts one into it", marks)...)
	}
	d.Action, d.Reason, d.write = plan.Update, "it has no current value"+from(i), put
	d.tags = s.missing(marks)
	return d.sized(i, content.Value{})
}

func (d decision) undescribed(s seen) decision {
	return d.blocked("nobody can tell whose it is, since it may not be described: "+s.unknown, "give the caller secretsmanager:DescribeSecret")
}

// missing are the tags that one of ours lacks. What is not ours gets none.
func (s seen) missing(marks iamsetup.Tags) iamsetup.Tags {
	if !s.tags.Ours() {
		return nil
	}
	return s.tags.Missing(marks)
}

func (d decision) existing(i Item, s seen, o Options, marks iamsetup.Tags) decision {
	if i.Keep {
		d.theirs = len(s.others(marks)) > 0 && len(s.others(marks)) == len(s.tags.Owners())
		d.Reason = s.foreign(marks) + "it exists, and is kept as it is"
		return d
	}
	have := s.answer.Value
	lacks, differs := i.compare(have.Value)
	d.base, d.tags = have.Version, s.missing(marks)
	switch {
	case len(lacks)+len(differs) == 0:
		return d.equal(s)
	case s.pushed():
		return d.pushed()
	case s.unknown != "":
		return d.undescribed(s)
	case !o.overwrites(i.Name) && len(differs) > 0:
		return d.blocked(s.foreign(marks)+difference(differs, have), s.cures(i, "writes ours over it", marks)...)
	case !o.overwrites(i.Name) && s.foreign(marks) != "":
		return d.blocked(s.foreign(marks)+"it lacks "+properties(lacks), s.cures(i, "adds that; its other properties stay", marks)...)
	}
	d.Action, d.write, d.over = plan.Update, put, len(differs) > 0
	var why []string
	if len(differs) > 0 {
		why = append(why, difference(differs, have)+", and is written over")
	}
	if len(lacks) > 0 {
		why = append(why, "gets "+properties(lacks))
	}
	d.Reason = s.foreign(marks) + strings.Join(why, "; ") + from(i)
	return d.sized(i, have.Value)
}

func (d decision) equal(s seen) decision {
	d.Reason = "up to date"
	switch {
	case s.pushed():
		d.Reason += "; it belongs to External Secrets Operator, which may delete it"
	case s.unknown == "" && !s.tags.Ours():
		d.Reason += "; not created by gen3-bootstrap"
	case len(d.tags) > 0:
		d.Action, d.write, d.Reason = plan.Update, tag, "holds the same; tags are missing: "+strings.Join(d.tags.Keys(), ", ")
	}
	return d
}

// foreign begins what is said of a secret that is somebody else's, or also that of other namespaces: the chart's default names have no
// environment in them, so that two commons in one account meet on one secret. "" where it is that of the marks' owner alone.
func (s seen) foreign(marks iamsetup.Tags) string {
	others := s.others(marks)
	switch {
	case !s.tags.Ours():
		return "it was not created by gen3-bootstrap; "
	case len(others) == 0:
		return ""
	case len(others) < len(s.tags.Owners()):
		return "it is also that of " + words.Few(others) + " (<cluster>/<namespace>); "
	}
	return "it is that of " + words.Few(others) + " (<cluster>/<namespace>); "
}

// others are for whom it was made beside the marks' owner.
func (s seen) others(marks iamsetup.Tags) []string {
	own := marks.Owners()
	return slices.DeleteFunc(s.tags.Owners(), func(o string) bool { return slices.Contains(own, o) })
}

// cures of what is in the way: what --overwrite does, and for what is another one's first how to leave it alone.
func (s seen) cures(i Item, does string, marks iamsetup.Tags) []string {
	over := "--overwrite " + hint.Command(i.Name) + " " + does
	if !s.tags.Ours() || len(s.others(marks)) == 0 {
		return []string{over}
	}
	return []string{"give this deployment a name of its own in its values (gen3-bootstrap values --name-prefix)", over + ", for the other as well"}
}

func difference(differs []string, have reading.Value) string {
	if differs[0] != whole {
		return "it differs in " + properties(differs)
	}
	if have.Binary {
		return "it holds something else, as bytes"
	}
	return "it holds something else (" + string(have.Form()) + ")"
}

func properties(names []string) string {
	what := "property "
	if len(names) > 1 {
		what = "properties "
	}
	return what + words.Few(names)
}

func (o Options) overwrites(name string) bool { return slices.Contains(o.Overwrite, name) }

// follow blocks what holds a part of another item: one that came to be there since the items were made, with something else; and one that
// was made for another namespace, since its password would come to where others may read it.
func (u *Up) follow() {
	for n, i := range u.Items {
		for m, before := range u.Items {
			d := &u.planned[n]
			switch kept := before.Keep && u.planned[m].write == nothing && u.planned[m].Action == plan.None; {
			case d.write != create || !kept:
			case slices.Contains(i.After, before.Name):
				*d = d.blocked(before.Name+", of which it holds a part, came to be there meanwhile", "run the same command again")
			case slices.Contains(i.Takes, before.Name) && u.planned[m].theirs:
				*d = d.blocked("it would hold a password of secret "+before.Name+", which is that of another namespace",
					"give this deployment names of its own in its values (gen3-bootstrap values --name-prefix); or put the secret there yourself: gen3-bootstrap secrets push --from-file")
			}
		}
	}
}
