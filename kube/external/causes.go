package external

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/uc-cdis/gen3-bootstrap/internal/hint"
	"github.com/uc-cdis/gen3-bootstrap/internal/pages"
)

// Causes returns, for each object that the operator's Warning events of a namespace are about, the message of the newest
// one, by "Kind namespace/name": an ExternalSecret's condition says only that it failed.
func (e *Objects) Causes(ctx context.Context, namespace string) (map[string]string, error) {
	messages, newest := map[string]string{}, map[string]time.Time{}
	options := metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning}
	err := pages.Each(ctx, e.client.CoreV1().Events(namespace).List, options, func(event *corev1.Event) {
		ref := event.InvolvedObject.Kind + " " + namespace + "/" + event.InvolvedObject.Name
		if at := eventTime(event); messages[ref] == "" || !at.Before(newest[ref]) {
			messages[ref], newest[ref] = event.Message, at
		}
	})
	if err != nil {
		return nil, hint.With(fmt.Errorf("list events in namespace %s: %w", namespace, err), "it needs the verb list on events in namespace "+namespace)
	}
	return messages, nil
}

func eventTime(e *corev1.Event) time.Time {
	if e.LastTimestamp.IsZero() {
		return e.EventTime.Time
	}
	return e.LastTimestamp.Time
}
