// Package refusal puts into a plan what the API server refuses of a dry run: which object, who refused, and what can be done. It
// must not know what is written.
package refusal

import (
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/plan"
	"github.com/uc-cdis/gen3-bootstrap/internal/words"
)

// Of makes a blocked change of a planned one. The reason names the object and has the API server's words, which name who
// refused. An error that carries a hint keeps it. Without a verb the error says itself what was being done.
func Of(c plan.Change, verb string, err error) plan.Change {
	c.Action, c.Reason = plan.Blocked, words.Brief(err.Error())
	if verb != "" {
		c.Reason = fmt.Sprintf("%s %s: %s", verb, c.Resource, c.Reason)
	}
	cures := hint.Lines(err)
	if len(cures) == 0 {
		cures = cure(c.Resource, err)
	}
	if len(cures) > 0 {
		c.Hint, c.More = cures[0], cures[1:]
	}
	return c
}

var (
	policy  = regexp.MustCompile(`ValidatingAdmissionPolicy '([a-z0-9.-]+)'`)
	webhook = regexp.MustCompile(`admission webhook "([A-Za-z0-9./_-]+)"`)
)

// cure goes by the words of the API server, which has no codes for who refused (k8s.io/apiserver, pkg/admission).
func cure(r plan.Resource, err error) []string {
	text := err.Error()
	if m := policy.FindStringSubmatch(text); m != nil {
		return []string{"meet the policy, or ask who keeps it for an exception: " + hint.Command("kubectl", "get", "validatingadmissionpolicy", m[1], "-o", "yaml")}
	}
	if m := webhook.FindStringSubmatch(text); m != nil {
		return []string{"meet what webhook " + m[1] + " asks for, or ask who keeps it for an exception: `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations` lists them"}
	}
	switch {
	case strings.Contains(text, "exceeded quota"), strings.Contains(text, "failed quota"):
		return []string{"ask for more, or delete what is not needed: " + hint.Command("kubectl", "-n", r.Namespace, "describe", "resourcequota")}
	case strings.Contains(text, "violates PodSecurity"):
		return []string{"the namespace's pod security level refuses it: label the namespace, or change the chart's securityContext values"}
	case strings.Contains(text, "field is immutable"):
		return []string{"it cannot be changed in place: delete it, and the next up makes it anew: " + remove(r)}
	case apierrors.IsForbidden(err):
		return []string{"see Permissions in the README for what a run needs; `kubectl auth can-i --list` shows what you have"}
	case strings.Contains(text, "no matches for kind"):
		return []string{"the cluster does not serve this kind: install what defines it first, or switch the part of the chart off that makes it"}
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return []string{"check --values and --set against the values that this chart version takes"}
	}
	return nil
}

func remove(r plan.Resource) string {
	words := []string{"kubectl"}
	if r.Namespace != "" {
		words = append(words, "-n", r.Namespace)
	}
	return hint.Command(append(words, "delete", r.Kind, r.Name)...)
}

// OfRights reports that a blocked change is one that the caller may not make, which an access review says as well.
func OfRights(c plan.Change) bool {
	return strings.Contains(c.Reason, "cannot create resource") || strings.Contains(c.Reason, "cannot update resource") || strings.Contains(c.Reason, "cannot patch resource")
}

// Answered reports that an error is what the API server said, and not that it could not be asked.
func Answered(err error) bool {
	return apierrors.ReasonForError(err) != metav1.StatusReasonUnknown
}
