package verify

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/gen3/check"
	"github.com/uc-cdis/gen3-bootstrap/iamsetup/reading"
	"github.com/uc-cdis/gen3-bootstrap/internal/content"
	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
	"github.com/uc-cdis/gen3-bootstrap/kube/external"
)

// externals: each ExternalSecret finds what its spec names. The operator's event does not always name it, so everything is read again.
func (l *look) externals(ctx context.Context) finding {
	if err := l.cluster.objectsErr; err != nil {
		return notTried(StoreLayer)
	}
	if len(l.cluster.served) == 0 {
		return notTried(cmpFailed(l.states, OperatorLayer, APILayer))
	}
	l.tryAll(ctx)
	var out []Object
	pending, on := false, ""
	for _, o := range l.cluster.objects.Objects {
		if o.Kind != "ExternalSecret" {
			continue
		}
		v := l.viewOf(o)
		judged, blocker, waits := judgeExternal(v)
		out, pending, on = append(out, judged), pending || waits, cmp.Or(on, blocker)
	}
	if len(out) == 0 {
		return ok("there is none in the namespace yet")
	}
	f := summed(out, on, told(out, OK))
	f.pending = pending
	if err := l.cluster.needsErr; err != nil {
		f.reason += "; what pods need of them is not known: " + words.Brief(l.target.Problem("", err).Message)
	}
	return f
}

// externalView is one ExternalSecret with all that decides about it.
type externalView struct {
	external.Object

	reads       []readView
	said        string // the operator's own word, from its newest event or its condition
	operator    bool   // one is at work, so that what it says counts
	region      string
	nearestName func(string) string
	lacks       []check.Finding // what those who read its Secret cannot work with, though it is synced
	check       string          // the command that tells more
}

// readView is one of its reads.
type readView struct {
	external.Read

	trial trial
	tried bool
}

func (l *look) viewOf(o external.Object) externalView {
	v := externalView{
		Object: o, operator: l.well(OperatorLayer), region: l.target.Settings.Region,
		said:        cmp.Or(l.cluster.causes[o.Ref()], strings.TrimPrefix(o.Reason+": "+o.Message, ": ")),
		check:       l.invocation().Command("secrets", "check"),
		nearestName: func(name string) string { return words.Nearest(name, l.names()) },
	}
	for _, r := range o.Reads {
		t, tried := l.answerTo(r)
		v.reads = append(v.reads, readView{r, t, tried && l.wired(r.Store)})
	}
	v.lacks = lacking(v, l.cluster.needs)
	return v
}

// judgeExternal is pure. on is the layer because of which it was not tried; pending says that the operator has not had its turn yet.
func judgeExternal(v externalView) (out Object, on string, pending bool) {
	out = Object{Kind: v.Kind, Name: v.Name, State: OK, Hints: []string{}}
	var reasons []string
	unjudged := ""
	for _, r := range v.reads {
		if r.Unjudged != "" {
			unjudged = r.Field + " cannot be judged: " + r.Unjudged
			continue
		}
		reason, cure, blocker := judgeRead(r, v.region, v.nearestName)
		if blocker != "" {
			on = cmp.Or(on, blocker)
		}
		if reason != "" {
			reasons = words.AddOnce(reasons, reason)
			if cure != "" {
				out.Hints = words.AddOnce(out.Hints, cure)
			}
		}
	}
	switch {
	case len(reasons) > 0:
		out.State, out.Reason = Warning, strings.Join(reasons, "; ")
	case on != "":
		out.State, out.Reason = NotTried, "not tried: "+on+" failed"
	case v.Ready == "True" && len(v.lacks) > 0:
		out.State, out.Reason, out.Hints = Warning, lackText(v.lacks), lackHints(v)
	case v.Ready == "True":
		out.Reason = cmp.Or(unjudged, "synced")
	case !v.operator:
		out.State, out.Reason, on = NotTried, "all that it reads is there; not tried: "+OperatorLayer+" failed", OperatorLayer
	case v.Ready == "":
		out.State, out.Reason, pending = Warning, "all that it reads is there, and the operator has not reported a status yet", true
	case unjudged == "" && absence.MatchString(v.said):
		out.State, pending = Warning, true
		out.Reason = "all that it reads is there now, and the operator has not tried again since it was missing"
		out.Hints = []string{again(v)}
	default:
		out.State, pending = Failed, true
		out.Reason = cmp.Or(unjudged, "all that it reads is there, and the operator could not write it") + "; it says: " + printable.Line(v.said)
		out.Hints = []string{again(v)}
	}
	return out, on, pending
}

// absence is what the operator says of a secret or property that is not there. It is told again only when the operator tries again, for
// which it waits up to seven minutes.
var absence = regexp.MustCompile(`(?i)does not exist|ResourceNotFoundException|cannot find`)

// again has the operator try at once.
func again(v externalView) string {
	return "to have it tried again at once: " + hint.Command("kubectl", "-n", v.Namespace, "annotate", "externalsecret", v.Name, "--overwrite") + " " + external.RefreshAnnotation + `="$(date +%s)"` // another value each time
}

// judgeRead says what is missing for one read. What is wrong with the credentials is told by the layer that it is of.
func judgeRead(r readView, region string, near func(string) string) (reason, cure, on string) {
	if !r.tried {
		return "", "", StoreLayer
	}
	named := fmt.Sprintf("secret %s (%s)", r.Name, r.Field)
	switch r.trial.answer.State {
	case reading.Missing:
		reason = fmt.Sprintf("Secrets Manager has no %s in region %s", named, region)
		if other := near(r.Name); other != "" {
			return reason + "; there is " + other, "correct the name in the gen3 chart's values, or make the secret", ""
		}
		return reason, "make it: " + hint.Command("aws", "secretsmanager", "create-secret", "--name", r.Name, "--secret-string", "file://FILE", "--region", region), ""
	case reading.Deleted:
		return named + " is scheduled for deletion", hint.Command("aws", "secretsmanager", "restore-secret", "--region", region, "--secret-id", r.Name) + " takes it back", ""
	case reading.NoValue:
		return named + " has no value of version " + cmp.Or(r.Version, "AWSCURRENT"), "put a value into it", ""
	case reading.BadName:
		return fmt.Sprintf("no secret can be called %q (%s)", r.Name, r.Field), "correct the name in the gen3 chart's values", ""
	case reading.Readable:
		reason, cure = judgeForm(r, named)
		return reason, cure, ""
	case reading.KeyDenied:
		return "", "", KMSLayer
	case reading.Denied, reading.KeyRefused, reading.KeyMismatched, reading.Expired:
	}
	return "", "", PermissionLayer
}

// judgeForm compares what a secret holds with what is taken of it: a property, or all keys of an object.
func judgeForm(r readView, named string) (reason, cure string) {
	value := r.trial.answer.Value.Value
	if r.Property != "" {
		if !value.Has(r.Property) {
			if value.Form() == content.Text {
				return fmt.Sprintf("%s is not JSON, so that it has no property %s", named, r.Property), "its value has to be a JSON object with that property"
			}
			reason = fmt.Sprintf("%s has no property %s", named, r.Property)
			if other := words.Nearest(r.Property, value.Properties()); other != "" {
				reason += "; there is " + other
			}
			return reason, "add the property to its JSON, or correct it in the gen3 chart's values"
		}
		value = value.At(r.Property)
	}
	if r.All && value.Form() != content.Object {
		return fmt.Sprintf("%s is %s, and each of its keys is to be taken", named, value.Form()), "its value has to be a JSON object"
	}
	return "", ""
}
