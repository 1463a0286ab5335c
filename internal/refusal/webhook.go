package refusal

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/printable"
)

// UnansweredWebhook is the name of the webhook that the API server could not ask, as its message says, and whether that may pass
// by itself: its pods are on their way, or slow. It does not where its Service does not exist. "" for other messages. The API server has no code for it
// (k8s.io/apiserver, pkg/admission/plugin/webhook).
func UnansweredWebhook(message string) (name string, passing bool) {
	found := unanswered.FindStringSubmatch(message)
	if found == nil {
		return "", false
	}
	gone := strings.Contains(message, "not found") && strings.Contains(message, "service ")
	return printable.Line(found[1]), !gone
}

var unanswered = regexp.MustCompile(`failed calling webhook "([^"]{1,253})"`)

// Webhook judges an error of a dry run that is about a webhook which does not answer. One whose pods are on their way is
// a warning, since the write waits for it; one whose service is gone refuses for good, and the error says how to be rid of it.
// Both are empty for other errors.
func Webhook(err error) (warning string, refused error) {
	name, passing := UnansweredWebhook(err.Error())
	switch {
	case name == "":
		return "", nil
	case passing:
		return fmt.Sprintf("webhook %q does not answer the API server now: up waits for it", name), nil
	}
	return "", hint.With(fmt.Errorf("webhook %q cannot be asked, as what serves it is gone: %w", name, err),
		"if nobody needs it any more, delete its configuration: `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations` lists them")
}
