package kubeproxy

import (
	"encoding/json"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Phase is when a hook is called.
type Phase int

// The phases of a call.
const (
	Before Phase = iota // recorded, without effect yet
	After               // with its effect, before the reply
)

// Kind is a way for a call to go wrong.
type Kind int

// The kinds of a Fault.
const (
	Throttling  Kind = iota // 429
	ServerError             // 500 without effect
	Unavailable             // 503 without effect
	Forbidden               // 403
	Conflict                // 409
	Timeout                 // no answer until the client gives up; no effect
	ResetBefore             // connection closed without an answer, and without effect
	LostReply               // effect, then connection closed without an answer
	KillBefore              // the Hook is called, then as ResetBefore
	KillAfter               // effect, the Hook is called, then as LostReply
)

// Fault makes calls go wrong.
type Fault struct {
	Verb, Resource, Object string // any if empty
	N                      int    // the occurrence that is hit, 0 for every one
	Kind                   Kind
	Hook                   func(Call)

	seen int
}

// At is a Fault at one call that was seen before.
func At(c Call, kind Kind, hook func(Call)) Fault {
	return Fault{Verb: c.Verb, Resource: c.Resource, Object: c.Object, N: c.N, Kind: kind, Hook: hook}
}

func (f *Fault) matches(c Call) bool {
	if (f.Verb != "" && f.Verb != c.Verb) || (f.Resource != "" && f.Resource != c.Resource) || (f.Object != "" && f.Object != c.Object) {
		return false
	}
	f.seen++
	return f.N == 0 || f.N == f.seen
}

// before does what a fault does in place of the effect, and reports whether that was all.
func (f *Fault) before(w http.ResponseWriter, r *http.Request, c Call) bool {
	if f == nil {
		return false
	}
	switch f.Kind {
	case Throttling:
		refuse(w, http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests)
	case ServerError:
		refuse(w, http.StatusInternalServerError, metav1.StatusReasonInternalError)
	case Unavailable:
		refuse(w, http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable)
	case Forbidden:
		refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden)
	case Conflict:
		refuse(w, http.StatusConflict, metav1.StatusReasonConflict)
	case Timeout:
		<-r.Context().Done()
	case ResetBefore:
		abort(w)
	case KillBefore:
		f.Hook(c)
		abort(w)
	case LostReply, KillAfter:
		return false
	}
	return true
}

// after does what a fault does between the effect and the reply, and reports whether there is none.
func (f *Fault) after(w http.ResponseWriter, c Call) bool {
	if f == nil {
		return false
	}
	if f.Kind == KillAfter {
		f.Hook(c)
	}
	abort(w)
	return true
}

func refuse(w http.ResponseWriter, code int32, reason metav1.StatusReason) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(code))
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: "the test's proxy says " + string(reason),
	})
}
